import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { eventually, taskDatagram } from "@sense-alerts/test-kit";
import { type Stack, startStack } from "../src/stack.js";

// Not in a before(): what is registered with after() in there runs right behind it.
const stack = await startStack(
  { after },
  {
    ingestEnv: { INSTANCE_ID: "ingest-a", SENSE_TIMEZONE: "Europe/Stockholm" },
    alerterEnv: {
      INSTANCE_ID: "alerter-a",
      TASK_SUCCESS_TOPIC: "qliksense/task_success",
      TASK_SUCCESS_SEND_FULL: "true",
    },
  },
);

const rows = [
  {
    kind: "failed",
    tag: "/scheduler-task-failed/",
    basic: "qliksense/task_failure",
    full: "qliksense/task_failure_full",
  },
  {
    kind: "aborted",
    tag: "/scheduler-task-aborted/",
    basic: "qliksense/task_aborted",
    full: "qliksense/task_aborted_full",
  },
  {
    kind: "succeeded",
    tag: "/scheduler-task-success//",
    basic: "qliksense/task_success",
    full: "qliksense/task_success_full",
  },
];
for (const { kind, tag, basic, full } of rows) {
  test(`a task that ${kind} gives a basic and a full message`, async () => {
    const taskName = `Reload försäljning – 日本 🤪 ${kind}`;
    const taskId = randomUUID();
    await stack.send(taskDatagram({ tag, taskName, taskId, executionId: randomUUID() }));
    const name = await stack.message(basic);
    const object = await stack.message(full);
    assert.equal(name.payload.toString("hex"), Buffer.from(taskName).toString("hex"));
    assert.equal(name.qos, 1);
    assert.equal(name.retain, false);
    assert.equal(name.contentType, "text/plain; charset=utf-8");
    assert.equal(name.payloadIsUtf8, true);
    assert.equal(object.contentType, "application/json");
    assert.equal(object.payloadIsUtf8, true);
    const { eventId, eventType, traceparent } = object.userProperties;
    assert.equal(object.userProperties["taskId"], taskId);
    assert.equal(eventType, `sense.task.${kind}`);
    assert.match(traceparent ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    assert.deepEqual(name.userProperties, object.userProperties);
    assert.equal(JSON.parse(object.text).eventId, eventId);
  });
}

test("the full message begins with Butler's ten fields, byte for byte, and ours follow", async () => {
  const executionId = randomUUID();
  const datagram =
    "/scheduler-task-failed/;pro2-win1;Reload of Test failing reloads 1;Test failing reloads 1;LAB\\\\goran;" +
    "22b106a8-e7ed-4466-b700-014f060bef16;8f1d1ecf-97a6-4eb5-8f47-f9156300b854;2024-04-12 07:33:03,508;INFO;" +
    `${executionId};Max retries reached`;
  const before = stack.on("qliksense/task_failure_full").length;
  await stack.send(datagram);
  const { text } = await stack.message("qliksense/task_failure_full", before + 1);
  const butler =
    '{"hostName":"pro2-win1","user":"LAB\\\\goran","taskName":"Reload of Test failing reloads 1",' +
    '"taskId":"22b106a8-e7ed-4466-b700-014f060bef16","appName":"Test failing reloads 1",' +
    '"appId":"8f1d1ecf-97a6-4eb5-8f47-f9156300b854","logTimeStamp":"2024-04-12 07:33:03,508","logLevel":"INFO",' +
    `"executionId":"${executionId}","logMessage":"Max retries reached",`;
  assert.equal(text.slice(0, butler.length), butler);
  const ours = Object.entries(JSON.parse(text)).slice(10);
  assert.deepEqual(
    ours.map(([key]) => key),
    [
      "eventId",
      "eventType",
      "schemaVersion",
      "receivedAt",
      "logTimeStampUtc",
      "userDirectory",
      "userId",
      "sourceAddress",
      "enrichment",
    ],
  );
  const values = Object.fromEntries(ours);
  assert.equal(values["eventId"], `task.failed:22b106a8-e7ed-4466-b700-014f060bef16:${executionId}`);
  assert.equal(values["logTimeStampUtc"], "2024-04-12T05:33:03.508Z");
  assert.deepEqual([values["userDirectory"], values["userId"]], ["LAB", "goran"]);
  assert.equal(values["sourceAddress"], "127.0.0.1");
  assert.equal(values["enrichment"], "off");
  assert.ok(Math.abs(Date.parse(String(values["receivedAt"])) - Date.now()) < 60_000);
});

test("a semicolon in names and message shifts nothing and says that the names are ambiguous", async () => {
  const n = stack.on("qliksense/task_failure_full").length + 1;
  const executionId = randomUUID();
  const logMessage = "Max retries reachedSystem.TimeoutException: no answer; retry\r\n   at Scheduler.Run()\r\n";
  await stack.send(taskDatagram({ taskName: "Load A; then B", appName: "Sales; EMEA", executionId, logMessage }));
  const full = JSON.parse((await stack.message("qliksense/task_failure_full", n)).text);
  assert.equal(full.taskName, "Load A; then B;Sales");
  assert.equal(full.appName, " EMEA");
  assert.equal(full.ambiguousNames, true);
  assert.equal(full.rawNames, "Load A; then B;Sales; EMEA");
  assert.equal(full.executionId, executionId);
  assert.equal(full.logMessage, logMessage);
});

test("the UDP server's start is told on the status topic", async () => {
  const start = await stack.message("qliksense/butler/task_failure_server");
  assert.equal(start.text, "start");
  assert.equal(start.contentType, "text/plain; charset=utf-8");
});

test("the alerter says online on its status topic, retained", async () => {
  const online = await stack.message("qliksense/mqtt-alerter/alerter-a/status");
  assert.equal(online.text, "online");
});

test("the same datagram twice gives one alert", async () => {
  const executionId = randomUUID();
  const datagram = taskDatagram({ executionId });
  await stack.send(datagram);
  await stack.send(datagram);
  await stack.send(datagram.toUpperCase());
  await settled(stack);
  assert.equal(alertsOf(stack, executionId).length, 2, "one basic, one full");
});

test("an abort and a failure of one execution give both alerts", async () => {
  const executionId = randomUUID();
  await stack.send(taskDatagram({ tag: "/scheduler-task-aborted/", executionId }));
  await stack.send(taskDatagram({ tag: "/scheduler-task-failed/", executionId }));
  await settled(stack);
  const topics = alertsOf(stack, executionId).map((message) => message.topic);
  assert.deepEqual(topics.toSorted(), [
    "qliksense/task_aborted",
    "qliksense/task_aborted_full",
    "qliksense/task_failure",
    "qliksense/task_failure_full",
  ]);
});

test("two tasks with the execution id (null) give both alerts", async () => {
  const [first, second] = [randomUUID(), randomUUID()];
  await stack.send(taskDatagram({ taskId: first, executionId: "(null)" }));
  await stack.send(taskDatagram({ taskId: second, executionId: "(null)" }));
  await settled(stack);
  for (const taskId of [first, second]) {
    const full = stack.subscriber.messages.filter(
      (message) => message.userProperties["taskId"] === taskId && message.topic === "qliksense/task_failure_full",
    );
    assert.equal(full.length, 1);
    assert.equal(JSON.parse(full[0]?.text ?? "{}").executionId, "");
  }
});

test("a datagram that cannot be read is counted, warned of and kept with its bytes", async () => {
  const before = await stack.ingest.metric("sensealerts_ingest_datagrams_rejected_total", { reason: "unknown-tag" });
  const bytes = Buffer.from([...Buffer.from("/no-such-tag/;a;b;"), 0, 0xff, 0xfe]);
  await stack.send(bytes);
  await eventually(async () => {
    const count = await stack.ingest.metric("sensealerts_ingest_datagrams_rejected_total", { reason: "unknown-tag" });
    assert.equal(count, before + 1);
    const kept = await stack.nats.stream("SENSE_REJECTED");
    assert.equal(kept?.state.messages, 1);
  });
  const warning = stack.ingest.logs.find((line) => line["msg"] === "datagram rejected");
  assert.deepEqual([warning?.["reason"], warning?.["source"]], ["unknown-tag", "127.0.0.1"]);
});

test("distribute and engine datagrams become events and no alerts", async () => {
  const [taskId, sessionId] = [randomUUID(), randomUUID()];
  await stack.send(taskDatagram({ tag: "/scheduler-distribute/", taskId, appName: "", appId: "" }));
  await stack.send(`/engine-reload-failed/;sense1;;${sessionId};ACME;anna;2026-11-20 06:30:01,114;ERROR;Reload failed`);
  await settled(stack);
  const types = ["sense.task.distributed", "sense.engine.reload-failed"];
  for (const type of types) {
    assert.equal(await stack.ingest.metric("sensealerts_ingest_events_total", { type, result: "stored" }), 1);
  }
  assert.equal(stack.subscriber.messages.filter((m) => types.includes(m.userProperties["eventType"] ?? "")).length, 0);
});

test("what came in is stored, a duplicate or rejected, and what was stored went out", async () => {
  await settled(stack);
  const ingest = (name: string, labels = {}) => stack.ingest.metric(`sensealerts_ingest_${name}`, labels);
  const received = await ingest("datagrams_received_total");
  const events = await sum(stack, "sensealerts_ingest_events_total", /type="sense\.(task|engine)/);
  const rejected = await sum(stack, "sensealerts_ingest_datagrams_rejected_total", /./);
  assert.ok(received > 10);
  assert.equal(events + rejected, received);
});

test("every line of both logs is JSON and none is an error", () => {
  for (const service of [stack.ingest, stack.alerter]) {
    assert.deepEqual(service.badLines, []);
    assert.equal(service.stderr(), "");
    assert.deepEqual(
      service.logs.filter((line) => line["level"] === "error" || line["level"] === "fatal"),
      [],
    );
  }
});
function alertsOf(stack: Stack, executionId: string) {
  return stack.subscriber.messages.filter((message) => message.userProperties["eventId"]?.endsWith(executionId));
}

/** Waits until nothing is on its way: all buffers empty, and the consumer has acknowledged all there is. */
async function settled(stack: Stack): Promise<void> {
  const marker = randomUUID();
  await stack.send(taskDatagram({ executionId: marker, taskName: "marker" }));
  await eventually(() => assert.equal(alertsOf(stack, marker).length, 2));
  await eventually(async () => {
    assert.equal(await stack.ingest.metric("sensealerts_ingest_buffered_events"), 0);
    assert.equal(await stack.alerter.metric("sensealerts_alerter_events_in_hand"), 0);
  });
}

/** The sum of a metric's series whose labels match. */
async function sum(stack: Stack, name: string, labels: RegExp): Promise<number> {
  const lines = (await stack.ingest.metrics()).split("\n");
  return lines
    .filter((line) => line.startsWith(`${name}{`) && labels.test(line))
    .reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
}
