import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, freeTcpPort, startQrs, startService, subscribeMqtt } from "@sense-alerts/test-kit";
import { startWay, upTo, urlOf, whole } from "../fixtures/way.js";

test("says of each station that the alert came through, and how long it took", async (t) => {
  const way = await startWay(t);
  const subscriber = await subscribeMqtt(t, { port: way.broker.port, topics: ["#"] });
  const names = ["--task-name", "Reload of Sales", "--message", "Could not reserve an executor for task"];
  const { code, stations, stdout, stderr } = await way.run(...way.services, ...way.atBroker, ...names);
  assert.deepEqual([code, stations, stderr], [0, whole, ""], stdout);
  assert.match(stdout, /^ok +alert +came after \d+ ms on qliksense\/task_failure(_full)?$/m);
  const full = await eventually(
    () => subscriber.messages.find(({ topic }) => topic.endsWith("_full"))?.text ?? assert.fail(),
  );
  const { taskName, logMessage, executionId } = JSON.parse(full);
  assert.deepEqual([taskName, logMessage], [names[1], names[3]]);
  assert.match(stdout, new RegExp(`Reload of Sales, execution ${executionId}\n`));
});

test("names a test alert as one, and never sends the same twice", async (t) => {
  const way = await startWay(t);
  const runs = [await way.run(...way.services, ...way.atBroker), await way.run(...way.services, ...way.atBroker)];
  const names = runs.map(({ stdout }) => /^failed: (Test alert [\da-f]{8}), /.exec(stdout)?.[1]);
  assert.deepEqual(
    runs.map(({ code }) => code),
    [0, 0],
  );
  assert.equal(new Set(names).size, 2);
  assert.equal(await way.ingest.metric("sensealerts_ingest_events_total", { result: "duplicate" }), 0);
});

for (const [kind, topic] of [
  ["failed", "qliksense/task_failure"],
  ["aborted", "qliksense/task_aborted"],
  ["success", "qliksense/task_success"],
] as const) {
  test(`waits for the alert of a ${kind} task on its topic`, async (t) => {
    const way = await startWay(t, { alerter: { TASK_SUCCESS_TOPIC: "qliksense/task_success" } });
    const { code, stations, stdout } = await way.run(
      ...way.services,
      ...way.atBroker,
      "--kind",
      kind,
      "--topic",
      topic,
    );
    assert.deepEqual([code, stations], [0, whole], stdout);
    assert.ok(stdout.endsWith(`on ${topic}\n`), stdout);
  });
}

for (const [kind, published] of [
  ["engine", "ok published"],
  ["distribute", "- published"],
] as const) {
  test(`does not wait for the alert of ${kind}, which has none`, async (t) => {
    const way = await startWay(t);
    const { code, stations, stdout } = await way.run(...way.services, ...way.atBroker, "--kind", kind);
    assert.deepEqual([code, stations], [0, [...upTo("published"), published, "- alert"]], stdout);
  });
}

test("comes through where QRS does not know the task", async (t) => {
  const qrs = await startQrs(t);
  const way = await startWay(t, { alerter: qrs.environment });
  const { code, stations, stdout } = await way.run(...way.services, ...way.atBroker);
  assert.deepEqual([code, stations], [0, whole], stdout);
});

test("says what it cannot know, and how to let it know", async (t) => {
  const way = await startWay(t);
  const { code, stations, stdout } = await way.run();
  assert.deepEqual([code, stations], [0, ["ok sent", "- stored", "- published", "- alert"]]);
  for (const option of ["--ingest http://", "--alerter http://", "--broker mqtt://"])
    assert.ok(stdout.includes(option));
});

test("believes the alert that came more than an HTTP address that knows nothing of it", async (t) => {
  const way = await startWay(t);
  const other = await startService(t, "udp-ingest", { NATS_URL: way.nats.url }, { waitFor: "ready" });
  const wrong = ["--ingest", await urlOf(other), "--alerter", `http://127.0.0.1:${await freeTcpPort()}`];
  const { code, stations, stdout } = await way.run(...wrong, ...way.atBroker);
  const unseen = ["- received", "- read", "- stored", "- published"];
  assert.deepEqual([code, stations], [0, ["ok sent", ...unseen, "ok alert"]], stdout);
});

test("adds up what the replicas of a service say", async (t) => {
  const way = await startWay(t);
  const other = await startService(t, "udp-ingest", { NATS_URL: way.nats.url }, { waitFor: "ready" });
  const { code, stations } = await way.run("--ingest", await urlOf(other), "--ingest", await urlOf(way.ingest));
  assert.deepEqual([code, stations], [0, ["ok sent", "ok received", "ok read", "ok stored", "- published", "- alert"]]);
});
