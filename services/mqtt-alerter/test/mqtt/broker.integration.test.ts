import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Outcome } from "@sense-alerts/bus";
import { encodeEvent } from "@sense-alerts/event-contract";
import { createLogger } from "@sense-alerts/service-kit";
import { cleanUpAfter, eventually, freeTcpPort, startMosquitto } from "@sense-alerts/test-kit";
import { composeMessages } from "../../src/alerts/alert-messages.js";
import { alertTopicsOf } from "../../src/alerts/alert-topics.js";
import { createDeliver } from "../../src/delivery/deliver.js";
import { startBroker as startBrokerLink } from "../../src/mqtt/broker.js";
import type { MqttOptions } from "../../src/mqtt/mqtt-options.js";
import { readSettings } from "../../src/settings.js";
import { taskEvent } from "../fixtures/events.js";
import { connack, receiveMaximum, startScriptedBroker } from "../fixtures/scripted-broker.js";
import { alertMessage, mqttOptions, statusTopic } from "../fixtures/start-publisher.js";

/** The broker as a link of the service, with the lines that it has logged so far. */
function startBroker(t: TestContext, url: string, changes: Partial<MqttOptions> = {}) {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) };
  const logger = createLogger({ name: "test", level: "info", pretty: false, instance: "i", destination });
  const broker = startBrokerLink(mqttOptions(url, changes), logger, { onNoSubscriber: () => {}, onAnswer: () => {} });
  cleanUpAfter(t, () => broker.close());
  return { ...broker, lines, logged: (msg: string) => lines.filter((line) => line["msg"] === msg) };
}

test("logs once what it waits for, however often it tries, and that the broker is there", async (t) => {
  const port = await freeTcpPort();
  const url = `mqtt://127.0.0.1:${port}`;
  const broker = startBroker(t, url, { clientId: "alerter-1" });
  assert.deepEqual(broker.state(), { up: false, detail: "not connected yet" });
  await eventually(() => assert.equal(broker.logged("waiting for the broker").length, 1));
  const reason = "nobody listens at that address (is the broker running? is MQTT_URL right?)";
  assert.deepEqual(broker.state(), { up: false, detail: reason });
  assert.equal(broker.lines[0]?.["reason"], reason);
  // The attempts are 100 ms apart at most; this one wins when it is started after the port is taken.
  await startMosquitto(t, { port });
  await eventually(() => assert.deepEqual(broker.state(), { up: true, detail: url }));
  assert.equal(broker.logged("waiting for the broker").length, 1);
  const { clientId, statusTopic: topic } = broker.logged("broker is there")[0] ?? {};
  assert.deepEqual([clientId, topic], ["alerter-1", statusTopic]);
});

test("logs that the connection broke, is down until there is one again, and logs that too", async (t) => {
  const mosquitto = await startMosquitto(t);
  const broker = startBroker(t, mosquitto.url);
  await eventually(() => assert(broker.state().up));
  await mosquitto.stop("SIGKILL");
  await eventually(() => assert.equal(broker.state().up, false));
  const { reason } = broker.logged("waiting for the broker")[0] ?? {};
  assert.match(String(reason), /^the connection (broke|was reset)/);
  await mosquitto.start();
  await eventually(() => assert.deepEqual(broker.state(), { up: true, detail: mosquitto.url }));
  assert.equal(broker.logged("broker is there").length, 2);
});

test("logs neither user nor password", async (t) => {
  const port = await freeTcpPort();
  const login = { username: "someone", password: "hunter2" };
  const broker = startBroker(t, `mqtt://someone:hunter2@127.0.0.1:${port}`, login);
  await eventually(() => assert.equal(broker.logged("waiting for the broker").length, 1));
  assert.doesNotMatch(JSON.stringify([broker.lines, broker.state()]), /someone|hunter2/);
});

for (const [setting, changes] of [
  ["MQTT_TLS_INSECURE", { tlsInsecure: true }],
  ["MQTT_QOS", { qos: 0 }],
  ["MQTT_PROTOCOL_VERSION", { protocolVersion: 4 }],
] as const) {
  test(`warns of what ${setting} gives up`, async (t) => {
    const broker = startBroker(t, `mqtt://127.0.0.1:${await freeTcpPort()}`, changes);
    assert.deepEqual(
      broker.lines.map((line) => [line["level"], line["setting"]]),
      [["warn", setting]],
    );
  });
}

test("warns when the broker allows less than the settings ask for", async (t) => {
  const mosquitto = await startMosquitto(t, { config: "max_qos 1" });
  const broker = startBroker(t, mosquitto.url, { qos: 2 });
  await eventually(() => assert.equal(broker.logged("the broker allows less than the settings ask for").length, 1));
});

test("lets go who waits for the connection in the order of their coming, and tells who listens", async (t) => {
  const port = await freeTcpPort();
  const broker = startBroker(t, `mqtt://127.0.0.1:${port}`);
  const { signal } = new AbortController();
  const order: string[] = [];
  for (const name of ["a", "b", "c"]) void broker.whenOnline(signal).then(() => order.push(name));
  broker.onOnline(() => order.push("listener"));
  await startMosquitto(t, { port });
  await eventually(() => assert.equal(order.length, 4));
  assert.deepEqual(
    order.filter((name) => name !== "listener"),
    ["a", "b", "c"],
  );
  await broker.whenOnline(signal);
});

test("sends away who waits for the connection when the signal aborts", async (t) => {
  const broker = startBroker(t, `mqtt://127.0.0.1:${await freeTcpPort()}`);
  const stop = new AbortController();
  const waiting = broker.whenOnline(stop.signal);
  stop.abort(new Error("stopping"));
  await assert.rejects(waiting, new Error("stopping"));
  await assert.rejects(broker.whenOnline(stop.signal), new Error("stopping"));
});

/** Delivers the basic messages of these tasks through the broker, all at once; gives what became of each. */
function deliverAll(broker: ReturnType<typeof startBroker>, taskNames: readonly string[]): Promise<Outcome[]> {
  const env = { TASK_FAILURE_TOPIC: "failed/{taskName}", TASK_FAILURE_SEND_FULL: "false" };
  const topics = alertTopicsOf(readSettings(env));
  const deliver = createDeliver({
    plan: (event) => composeMessages(event, topics),
    send: broker.send,
    hasRoom: broker.hasRoom,
    whenOnline: broker.whenOnline,
    onPublished: () => {},
    onRetry: () => {},
  });
  broker.onRoom(deliver.wake);
  const { signal } = new AbortController();
  return Promise.all(
    taskNames.map((taskName, sequence) => {
      const bytes = encodeEvent(taskEvent({ id: taskName, data: { taskName } }));
      return deliver.handle({ subject: "", bytes, sequence, deliveries: 1 }, signal);
    }),
  );
}

test("delivers in the first order after the connection broke, what was under way before what had waited", async (t) => {
  const taskNames = Array.from({ length: 6 }, (_, index) => `task ${index}`);
  const scripted = await startScriptedBroker(t, {
    onConnect: () => connack(0, receiveMaximum(3)),
    onPublish: ({ topic }) => (topic === statusTopic || scripted.connects() > 1 ? 0 : undefined),
  });
  const broker = startBroker(t, scripted.url);
  await eventually(() => assert(broker.online()));
  const outcomes = deliverAll(broker, taskNames);
  await eventually(() => assert.equal(scripted.publishes.length, 4));
  const before = scripted.publishes.length;
  scripted.cut();
  assert.deepEqual(await eventually(() => outcomes), Array(6).fill({ kind: "done" }));
  assert.deepEqual(
    scripted.publishes.slice(before).map(({ payload }) => payload),
    ["online", ...taskNames],
  );
});

test("hands back for a while the one message that makes the broker hang up, and delivers all others", async (t) => {
  const scripted = await startScriptedBroker(t, {
    onPublish: ({ payload }) => {
      if (payload !== "bad") return 0;
      scripted.cut();
      return undefined;
    },
  });
  const broker = startBroker(t, scripted.url);
  await eventually(() => assert(broker.online()));
  const taskNames = ["1", "2", "3", "bad", "4", "5", "6", "7"];
  const outcomes = await eventually(() => deliverAll(broker, taskNames));
  assert.deepEqual(
    outcomes,
    taskNames.map((name) => (name === "bad" ? { kind: "later", delayMs: 60_000 } : { kind: "done" })),
  );
});

test("publishes and closes as the publisher does", async (t) => {
  const mosquitto = await startMosquitto(t);
  const broker = startBroker(t, mosquitto.url);
  await eventually(() => assert(broker.online()));
  await broker.publish(alertMessage("a/b", "x"));
  await broker.close();
  assert.equal(broker.state().up, false);
  assert.equal(broker.logged("waiting for the broker").length, 0);
});
