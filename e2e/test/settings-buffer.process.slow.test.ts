import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  type Environment,
  eventually,
  freeTcpPort,
  type Service,
  sendDatagram,
  sendDatagrams,
  startMosquitto,
  startNats,
  startService,
  subscribeMqtt,
} from "@sense-alerts/test-kit";
import { alertOf, messagesOf, newTask } from "../src/alerts.js";
import { startStack } from "../src/stack.js";

/** An udp-ingest whose NATS is not there (yet), with as many tasks sent to it. */
async function ingestWithoutNats(t: TestContext, { env = {}, tasks = 0, logMessage = "Max retries reached" }: Flood) {
  const port = await freeTcpPort();
  const natsEnv = { NATS_URL: `nats://127.0.0.1:${port}` };
  const ingestEnv = { ...natsEnv, SHUTDOWN_TIMEOUT_SECONDS: "1", ...env };
  const ingest = await startService(t, "udp-ingest", ingestEnv, { waitFor: "ready" });
  const sent = Array.from({ length: tasks }, () => newTask({ logMessage }));
  await sendDatagrams(
    await ingest.udpPort(),
    sent.map(({ datagram }) => datagram),
    { perSecond: 2_000 },
  );
  await eventually(async () => assert.equal(await ingest.metric("sensealerts_ingest_datagrams_received_total"), tasks));
  return { ingest, port, natsEnv, taskNames: sent.map(({ taskName }) => taskName) };
}

interface Flood {
  readonly env?: Environment;
  readonly tasks?: number;
  readonly logMessage?: string;
}

const bounds = [
  { setting: "BUFFER_MAX_EVENTS", value: 10, unit: "events", tasks: 40, logMessage: "short" },
  { setting: "BUFFER_MAX_BYTES", value: 65_536, unit: "bytes", tasks: 60, logMessage: "long ".repeat(1_000) },
];
for (const { setting, value, unit, tasks, logMessage } of bounds) {
  test(`${setting}: past it the oldest are dropped, counted and told, and the newest delivered once NATS is there`, async (t) => {
    const env = { [setting]: String(value) };
    const { ingest, port, natsEnv, taskNames } = await ingestWithoutNats(t, { env, tasks, logMessage });
    assert.ok((await ingest.metric(`sensealerts_ingest_buffered_${unit}`)) <= value);
    const kept = await ingest.metric("sensealerts_ingest_buffered_events");
    assert.ok(kept >= 10 && kept < tasks, `keeps ${kept}`);
    const dropped = await ingest.metric("sensealerts_ingest_events_total", { result: "dropped-buffer-full" });
    assert.equal(dropped, tasks + 1 - kept, "the event of the start is the oldest of all");
    assert.ok(ingest.logs.some((line) => line["level"] === "error" && line["msg"] === "event dropped: it is lost"));

    await startNats(t, { port });
    const broker = await startMosquitto(t);
    const subscriber = await subscribeMqtt(t, { port: broker.port, topics: ["#"] });
    await startService(t, "mqtt-alerter", { ...natsEnv, MQTT_URL: broker.url }, { waitFor: "ready" });
    await alertOf(subscriber, taskNames.at(-1) ?? "");
    const delivered = taskNames.filter((taskName) => messagesOf(subscriber, taskName).length > 0);
    assert.deepEqual(delivered, taskNames.slice(-kept));
    assert.equal(await ingest.metric("sensealerts_ingest_buffered_events"), 0);
    assert.equal(await ingest.metric("sensealerts_ingest_events_total", { result: "stored" }), kept);
  });
}

test("SHUTDOWN_TIMEOUT_SECONDS: a stop without NATS takes no longer, exits 0, and says how many events are lost", async (t) => {
  const { ingest } = await ingestWithoutNats(t, { env: { SHUTDOWN_TIMEOUT_SECONDS: "2" }, tasks: 7 });
  const { code, ms } = await ingest.stop();
  assert.equal(code, 0);
  assert.ok(ms > 1_000 && ms < 2_500, `took ${ms} ms`);
  const loss = ingest.logs.find((line) => line["level"] === "error");
  assert.match(String(loss?.["msg"]), /events are lost/);
  assert.equal(loss?.["events"], 9, "seven tasks, start and stop");
});

test("SHUTDOWN_TIMEOUT_SECONDS: within it a stop waits for NATS, and nothing is lost", async (t) => {
  const { ingest, port } = await ingestWithoutNats(t, { env: { SHUTDOWN_TIMEOUT_SECONDS: "30" }, tasks: 7 });
  const stopped = ingest.stop();
  await eventually(() => assert.ok(ingest.logs.some((line) => line["msg"] === "service stopping")));
  const nats = await startNats(t, { port });
  const { code, ms } = await stopped;
  assert.equal(code, 0);
  assert.ok(ms < 20_000, `took ${ms} ms`);
  assert.deepEqual(
    ingest.logs.filter((line) => line["level"] === "error"),
    [],
  );
  assert.equal((await nats.stream("SENSE_EVENTS"))?.state.messages, 9);
});

test("SHUTDOWN_TIMEOUT_SECONDS: an alerter whose broker hangs stops in that time with 0, and another delivers", async (t) => {
  const stack = await startStack(t, { alerterEnv: { SHUTDOWN_TIMEOUT_SECONDS: "2" } });
  const { taskName, datagram } = newTask();
  await stack.message("qliksense/butler/task_failure_server");
  await inFlight(stack.alerter, 0);
  stack.broker.suspend();
  await sendDatagram(await stack.ingest.udpPort(), datagram);
  await inFlight(stack.alerter, 1);
  const { code, ms } = await stack.alerter.stop();
  assert.equal(code, 0);
  assert.ok(ms > 1_000 && ms < 2_500, `took ${ms} ms`);
  stack.broker.resume();
  await startService(t, "mqtt-alerter", stack.env, { waitFor: "ready" });
  await alertOf(stack.subscriber, taskName);
});

/** Waits until each lane has so many deliveries in flight. */
async function inFlight(alerter: Service, deliveries: number): Promise<void> {
  await eventually(async () => {
    for (const lane of ["basic", "full"]) {
      assert.equal(await alerter.metric("sensealerts_alerter_events_in_hand", { lane }), deliveries, lane);
    }
  });
}
