import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import {
  eventually,
  freeTcpPort,
  type ReceivedMessage,
  sendDatagrams,
  startMosquitto,
  startNats,
  startService,
  subscribeMqtt,
  taskDatagram,
} from "@sense-alerts/test-kit";
import { startStack } from "../src/stack.js";

const basicTopic = "qliksense/task_failure";
const fullTopic = "qliksense/task_failure_full";

function manyDatagrams(count: number): { datagrams: string[]; executionIds: string[] } {
  const executionIds = Array.from({ length: count }, () => randomUUID());
  return { executionIds, datagrams: executionIds.map((executionId) => taskDatagram({ executionId })) };
}

/** Each execution once on each of the two topics, no more and no less. */
function assertEachOnce(messages: readonly ReceivedMessage[], executionIds: readonly string[]): void {
  for (const topic of [basicTopic, fullTopic]) {
    const ids = messages.filter((m) => m.topic === topic).map((m) => (m.userProperties["eventId"] ?? "").slice(-36));
    assert.equal(new Set(ids).size, ids.length, `repeats on ${topic}`);
    assert.deepEqual(ids.toSorted(), executionIds.toSorted());
  }
}

test("1,000 datagrams at 200 a second give 1,000 basic and 1,000 full messages, each once and in order", async (t) => {
  const stack = await startStack(t);
  const { datagrams, executionIds } = manyDatagrams(1_000);
  await sendDatagrams(await stack.ingest.udpPort(), datagrams, { perSecond: 200 });
  await eventually(() => assert.ok(stack.on(fullTopic).length >= 1_000 && stack.on(basicTopic).length >= 1_000));
  assertEachOnce(stack.subscriber.messages, executionIds);
  const order = stack.on(fullTopic).map((message) => message.userProperties["eventId"]?.slice(-36));
  assert.deepEqual(order, executionIds);
});

test("idle services stop at SIGTERM with code 0, and say stop and offline", async (t) => {
  const stack = await startStack(t, { alerterEnv: { INSTANCE_ID: "idle" } });
  const ingest = await stack.ingest.stop();
  assert.equal(ingest.code, 0);
  assert.ok(ingest.ms < 5_000, `took ${ingest.ms} ms`);
  await eventually(() => {
    assert.deepEqual(
      stack.on("qliksense/butler/task_failure_server").map((message) => message.text),
      ["start", "stop"],
    );
  });
  const alerter = await stack.alerter.stop();
  assert.equal(alerter.code, 0);
  assert.ok(alerter.ms < 5_000, `took ${alerter.ms} ms`);
  await eventually(() => {
    const status = stack.on("qliksense/mqtt-alerter/idle/status");
    assert.deepEqual(
      status.map((message) => message.text),
      ["online", "offline"],
    );
  });
});

test("services stopped by SIGTERM under load lose nothing that was in hand", async (t) => {
  const stack = await startStack(t);
  const { datagrams, executionIds } = manyDatagrams(1_500);
  await sendDatagrams(await stack.ingest.udpPort(), datagrams, { perSecond: 3_000 });
  // The last datagrams are still in the kernel, on their way to NATS or to the broker.
  const [ingest, alerter] = await Promise.all([stack.ingest.stop(), stack.alerter.stop()]);
  assert.deepEqual([ingest.code, alerter.code], [0, 0]);
  const stored = (await stack.nats.stream("SENSE_EVENTS"))?.state.messages;
  assert.equal(stored, 1_502, "each datagram, and the socket's start and stop");
  await startService(t, "mqtt-alerter", { NATS_URL: stack.nats.url, MQTT_URL: stack.broker.url }, { waitFor: "ready" });
  // What NATS handed out at the very moment of the stop comes after its ack wait of 30 s.
  const timeoutMs = 45_000;
  await eventually(() => assert.ok(stack.on(fullTopic).length >= 1_500 && stack.on(basicTopic).length >= 1_500), {
    timeoutMs,
  });
  assertEachOnce(stack.subscriber.messages, executionIds);
});

test("a killed alerter's last will says offline, retained", async (t) => {
  const stack = await startStack(t, { alerterEnv: { INSTANCE_ID: "killed" } });
  await stack.alerter.stop("SIGKILL");
  await eventually(() => {
    const status = stack.on("qliksense/mqtt-alerter/killed/status");
    assert.deepEqual(
      status.map((message) => message.text),
      ["online", "offline"],
    );
  });
  const late = await subscribeMqtt(t, { port: stack.broker.port, topics: ["qliksense/mqtt-alerter/#"] });
  await eventually(() => assert.equal(late.messages[0]?.text, "offline"));
  assert.equal(late.messages[0]?.retain, true);
});

test("both services start before NATS and the broker are there, say what they wait for, and deliver what came meanwhile", async (t) => {
  const [natsPort, brokerPort] = await Promise.all([freeTcpPort(), freeTcpPort()]);
  const env = { NATS_URL: `nats://127.0.0.1:${natsPort}` };
  const ingest = await startService(t, "udp-ingest", env, { waitFor: "ready" });
  const alerter = await startService(
    t,
    "mqtt-alerter",
    { ...env, MQTT_URL: `mqtt://127.0.0.1:${brokerPort}` },
    { waitFor: "http" },
  );
  const { datagrams, executionIds } = manyDatagrams(50);
  await sendDatagrams(await ingest.udpPort(), datagrams, { perSecond: 500 });
  await eventually(async () => {
    assert.ok(ingest.logs.some((line) => line["msg"] === "waiting for nats"));
    assert.ok(alerter.logs.some((line) => line["msg"] === "waiting for nats"));
    assert.ok(alerter.logs.some((line) => line["msg"] === "waiting for the broker"));
    assert.equal((await alerter.readyz()).status, 503);
    assert.equal((await ingest.readyz()).status, 200);
    assert.equal(await ingest.metric("sensealerts_ingest_buffered_events"), 51, "50 datagrams and the status event");
  });
  const broker = await startMosquitto(t, { port: brokerPort });
  const subscriber = await subscribeMqtt(t, { port: broker.port, topics: ["#"] });
  await startNats(t, { port: natsPort });
  await alerter.ready();
  const cameOn = (topic: string) => subscriber.messages.filter((message) => message.topic === topic).length;
  await eventually(() => assert.ok(cameOn(basicTopic) >= 50 && cameOn(fullTopic) >= 50));
  assertEachOnce(subscriber.messages, executionIds);
});

test("two alerters share the events, each alerted once", async (t) => {
  const stack = await startStack(t);
  const second = await startService(
    t,
    "mqtt-alerter",
    { NATS_URL: stack.nats.url, MQTT_URL: stack.broker.url },
    { waitFor: "ready" },
  );
  const { datagrams, executionIds } = manyDatagrams(400);
  await sendDatagrams(await stack.ingest.udpPort(), datagrams, { perSecond: 1_000 });
  await eventually(() => assert.ok(stack.on(fullTopic).length >= 400 && stack.on(basicTopic).length >= 400));
  assertEachOnce(stack.subscriber.messages, executionIds);
  const done = { outcome: "done" };
  assert.ok((await second.metric("sensealerts_alerter_events_total", done)) > 0);
  assert.ok((await stack.alerter.metric("sensealerts_alerter_events_total", done)) > 0);
});
