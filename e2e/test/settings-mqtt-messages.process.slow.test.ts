import assert from "node:assert/strict";
import { after, type TestContext, test } from "node:test";
import {
  type Environment,
  eventually,
  type Mosquitto,
  type Service,
  sendDatagrams,
  startNats,
  startService,
  subscribeMqtt,
} from "@sense-alerts/test-kit";
import { messagesOf, newTask, sendAlert } from "../src/alerts.js";
import { startServers, startStack } from "../src/stack.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const { nats, broker, subscriber, env } = await startServers(file, { subscriber: { qos: 2 } });
const ingest = await startService(file, "udp-ingest", { NATS_URL: nats.url }, { waitFor: "ready" });

function startAlerter(t: TestContext, own: Environment): Promise<Service> {
  return startService(t, "mqtt-alerter", { ...env, ...own }, { waitFor: "ready" });
}

/** What mosquitto logs of a client: `as NAME (p5, c1, k30).`, that is protocol, clean start and keepalive. */
function connectionsAs(server: Mosquitto, clientId: string): string[] {
  const lines = server.log().split("\n");
  return lines.filter((line) => line.includes("New client connected") && line.includes(` as ${clientId}`));
}

test("MQTT_CLIENT_ID and MQTT_KEEPALIVE_SECONDS are what the broker is told", async (t) => {
  await startAlerter(t, { MQTT_CLIENT_ID: "sense/alerts-1", MQTT_KEEPALIVE_SECONDS: "77" });
  await sendAlert(ingest, subscriber);
  await eventually(() => {
    const [line = "", ...others] = connectionsAs(broker, "sense/alerts-1 ");
    assert.match(line, /\(p5, c1, k77\)/);
    assert.deepEqual(others, []);
  });
});

test("without MQTT_CLIENT_ID two alerters of one INSTANCE_ID have ids of their own, and 30 s of keepalive", async (t) => {
  const own = { INSTANCE_ID: "twin" };
  await Promise.all([startAlerter(t, own), startAlerter(t, own)]);
  await eventually(() => {
    const lines = connectionsAs(broker, "mqtt-alerter-twin-");
    assert.equal(lines.length, 2, lines.join("\n"));
    assert.ok(lines.every((line) => line.includes("k30)")));
  });
});

for (const [minutes, own] of [
  [1_440, {}],
  [90, { ALERT_MAX_AGE_MINUTES: "90" }],
] as const) {
  test(`a durable consumer that is made goes back ${minutes} minutes with ${JSON.stringify(own)}`, async (t) => {
    const fresh = await startNats(t);
    await startAlerter(t, { ...own, NATS_URL: fresh.url });
    const [consumer] = (await fresh.stream("SENSE_EVENTS"))?.consumer_detail ?? [];
    const madeMs = Date.parse(consumer?.created ?? "");
    const backMs = madeMs - Date.parse(String(consumer?.config?.["opt_start_time"]));
    assert.equal(Math.round(backMs / 60_000), minutes);
  });
}

test("MQTT_PROTOCOL_VERSION=4 gives both messages, without the properties of MQTT 5", async (t) => {
  const alerter = await startAlerter(t, { MQTT_PROTOCOL_VERSION: "4", MQTT_CLIENT_ID: "old" });
  const { basic, full } = await sendAlert(ingest, subscriber);
  for (const message of [basic, full]) {
    assert.deepEqual(message.userProperties, {});
    assert.equal(message.contentType, undefined);
    assert.equal(message.payloadIsUtf8, false);
    assert.equal(message.qos, 1);
  }
  await eventually(() => assert.match(connectionsAs(broker, "old ").join(), /\(p2, c1, k30\)/));
  await alerter.stop("SIGKILL");
  await eventually(() => {
    const status = subscriber.messages.filter(({ topic }) => topic.startsWith("qliksense/mqtt-alerter/")).at(-1);
    assert.equal(status?.text, "offline", "the last will");
  });
});

for (const version of ["4", "5"]) {
  for (const qos of [0, 1]) {
    test(`MQTT_QOS=${qos} is the QoS of both messages over protocol ${version}`, async (t) => {
      const alerter = await startAlerter(t, { MQTT_QOS: String(qos), MQTT_PROTOCOL_VERSION: version });
      const { basic, full } = await sendAlert(ingest, subscriber);
      assert.deepEqual([basic.qos, full.qos], [qos, qos]);
      const warned = alerter.logs.some((line) => line["level"] === "warn" && line["setting"] === "MQTT_QOS");
      assert.equal(warned, qos === 0);
    });
  }
}

for (const retain of ["true", "false"]) {
  test(`MQTT_RETAIN=${retain}: a later subscriber ${retain === "true" ? "finds" : "does not find"} the last alert`, async (t) => {
    const topics = { TASK_FAILURE_TOPIC: `kept/${retain}/basic`, TASK_FAILURE_FULL_TOPIC: `kept/${retain}/full` };
    await startAlerter(t, { MQTT_RETAIN: retain, INSTANCE_ID: `kept-${retain}`, ...topics });
    await sendAlert(ingest, subscriber);
    const { basic } = await sendAlert(ingest, subscriber);
    // The status is retained in any case, and shows that all that is has come.
    const statusTopic = `qliksense/mqtt-alerter/kept-${retain}/status`;
    const late = await subscribeMqtt(t, { port: broker.port, topics: [`kept/${retain}/#`, statusTopic] });
    await eventually(() => assert.ok(late.messages.some(({ topic }) => topic === statusTopic)));
    const alerts = late.messages.filter(({ topic }) => topic !== statusTopic);
    assert.ok(alerts.every((message) => message.retain));
    assert.deepEqual(
      alerts.map(({ topic }) => topic).toSorted(),
      retain === "true" ? Object.values(topics).toSorted() : [],
    );
    if (retain === "true") assert.equal(messagesOf(late, basic.text).length, 2);
  });
}

test("MQTT_MESSAGE_EXPIRY_SECONDS is on both messages, and on none when unset", async (t) => {
  const first = await startAlerter(t, { MQTT_MESSAGE_EXPIRY_SECONDS: "86400" });
  const limited = await sendAlert(ingest, subscriber);
  for (const { expirySeconds = 0 } of [limited.basic, limited.full]) {
    assert.ok(expirySeconds > 86_300 && expirySeconds <= 86_400, `${expirySeconds} s`);
  }
  await first.stop();
  await startAlerter(t, {});
  const unlimited = await sendAlert(ingest, subscriber);
  assert.deepEqual([unlimited.basic.expirySeconds, unlimited.full.expirySeconds], [undefined, undefined]);
});

test("MQTT_STATUS_TOPIC says online and offline, retained, where it was set to, with {instanceId} filled in", async (t) => {
  const own = { MQTT_STATUS_TOPIC: "acme/{instanceId}/alive", INSTANCE_ID: "alerter-3" };
  const topic = "acme/alerter-3/alive";
  const said = () => subscriber.messages.filter((message) => message.topic === topic).map(({ text }) => text);
  const first = await startAlerter(t, own);
  await eventually(() => assert.deepEqual(said(), ["online"]));
  await first.stop();
  await eventually(() => assert.deepEqual(said(), ["online", "offline"]));
  const second = await startAlerter(t, own);
  await second.stop("SIGKILL");
  await eventually(() => assert.deepEqual(said(), ["online", "offline", "online", "offline"]));
  const late = await subscribeMqtt(t, { port: broker.port, topics: [topic] });
  await eventually(() => {
    assert.deepEqual(
      late.messages.map(({ text, retain }) => [text, retain]),
      [["offline", true]],
    );
  });
});

test("MQTT_MAX_INFLIGHT bounds the deliveries in flight of each lane while the broker hangs, and the messages without PUBACK at any time", async (t) => {
  const stack = await startStack(t, { alerterEnv: { MQTT_MAX_INFLIGHT: "5" } });
  const { alerter } = stack;
  const inHand = (lane: string) => alerter.metric("sensealerts_alerter_events_in_hand", { lane });
  await sendAlert(stack.ingest, stack.subscriber);
  // Its acknowledgement counts until NATS has confirmed it.
  await eventually(async () => assert.deepEqual([await inHand("basic"), await inHand("full")], [0, 0]));
  stack.broker.suspend();
  const tasks = Array.from({ length: 40 }, () => newTask());
  await sendDatagrams(
    await stack.ingest.udpPort(),
    tasks.map(({ datagram }) => datagram),
  );
  const most = { basic: 0, full: 0, messages: 0 };
  async function look(): Promise<void> {
    for (const lane of ["basic", "full"] as const) {
      most[lane] = Math.max(most[lane], await inHand(lane));
    }
    most.messages = Math.max(most.messages, await alerter.metric("sensealerts_alerter_messages_in_flight"));
  }
  await eventually(async () => {
    await look();
    const stream = await stack.nats.stream("SENSE_EVENTS");
    assert.equal(stream?.state.messages, 42, "the start, one before, and these");
    const consumers = stream.consumer_detail ?? [];
    assert.deepEqual(
      consumers.map(({ num_ack_pending, num_pending }) => [num_ack_pending, num_pending]),
      [
        [5, 35],
        [5, 35],
      ],
    );
    assert.deepEqual(most, { basic: 5, full: 5, messages: 5 });
  });
  stack.broker.resume();
  await eventually(
    async () => {
      await look();
      assert.ok(tasks.every(({ taskName }) => messagesOf(stack.subscriber, taskName).length === 2));
    },
    { intervalMs: 1 },
  );
  // A lane takes the next deliveries before NATS has confirmed the acknowledgements of those before, which count, too.
  assert.equal(most.messages, 5);
});
