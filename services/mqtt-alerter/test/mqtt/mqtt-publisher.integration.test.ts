import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, freeTcpPort, startMosquitto, startTcpLink, subscribeMqtt } from "@sense-alerts/test-kit";
import { alertMessage, startPublisher, statusTopic } from "../fixtures/start-publisher.js";

/** A mosquitto, a subscriber to everything below `a`, and a publisher that is connected. */
async function startAll(t: Parameters<typeof startPublisher>[0], changes: Parameters<typeof startPublisher>[2] = {}) {
  const broker = await startMosquitto(t);
  const { messages } = await subscribeMqtt(t, { port: broker.port, topics: ["a/#"], qos: 2 });
  const publisher = startPublisher(t, broker.url, changes);
  await eventually(() => assert(publisher.online()));
  return { broker, publisher, messages };
}

test("resolves when the broker has acknowledged the message, which has arrived then", async (t) => {
  const { publisher, messages } = await startAll(t);
  await publisher.publish(alertMessage("a/b", "Försäljning 日本 🤪"));
  assert.equal(publisher.inFlight(), 0);
  const [message] = await eventually(() => {
    assert.equal(messages.length, 1);
    return messages;
  });
  assert.deepEqual([message?.topic, message?.text, message?.qos], ["a/b", "Försäljning 日本 🤪", 1]);
});

test("sends content type, payload format, user properties and expiry with MQTT 5", async (t) => {
  const { publisher, messages } = await startAll(t, { messageExpirySeconds: 3_600 });
  const userProperties = { eventId: "e1", eventType: "sense.task.failed", taskId: "t1", traceparent: "00-a-b-01" };
  const contentType = "application/json";
  await publisher.publish({ kind: "full", topic: "a/b", payload: '{"taskName":"å"}', contentType, userProperties });
  await eventually(() => assert.equal(messages.length, 1));
  const { expirySeconds = 0, ...message } = messages[0] ?? assert.fail();
  assert.deepEqual(
    [message.contentType, message.payloadIsUtf8, { ...message.userProperties }, message.text],
    [contentType, true, userProperties, '{"taskName":"å"}'],
  );
  assert(expirySeconds > 3_590 && expirySeconds <= 3_600, String(expirySeconds));
});

test("sends no expiry unless it is set", async (t) => {
  const { publisher, messages } = await startAll(t);
  await publisher.publish(alertMessage("a/b", "x"));
  await eventually(() => assert.equal(messages.length, 1));
  assert.equal(messages[0]?.expirySeconds, undefined);
});

test("publishes without properties over MQTT 3.1.1", async (t) => {
  const { broker, publisher, messages } = await startAll(t, { protocolVersion: 4 });
  await publisher.publish(alertMessage("a/b", "x"));
  await eventually(() => assert.equal(messages.length, 1));
  const { contentType, payloadIsUtf8, userProperties, text } = messages[0] ?? assert.fail();
  assert.deepEqual([contentType, payloadIsUtf8, userProperties, text], [undefined, false, {}, "x"]);
  assert.match(broker.log(), /New client connected from \S+ as alerter-\w+ \(p2, c1, k30/);
});

for (const qos of [0, 1] as const) {
  test(`publishes with QoS ${qos}`, async (t) => {
    const { publisher, messages } = await startAll(t, { qos });
    await Promise.all(["1", "2", "3"].map((payload) => publisher.publish(alertMessage("a/b", payload))));
    assert.equal(publisher.inFlight(), 0);
    await eventually(() => assert.equal(messages.length, 3));
    assert.deepEqual(
      messages.map((message) => [message.text, message.qos]),
      ["1", "2", "3"].map((payload) => [payload, qos]),
    );
  });
}

test("has the broker retain an alert when that is set, and else not", async (t) => {
  const { broker, publisher } = await startAll(t, { retain: true });
  await publisher.publish(alertMessage("a/kept", "x"));
  const other = startPublisher(t, broker.url);
  await eventually(() => assert(other.online()));
  await other.publish(alertMessage("a/passed", "y"));
  const late = await subscribeMqtt(t, { port: broker.port, topics: ["a/#"] });
  await eventually(() => assert.equal(late.messages.length, 1));
  assert.deepEqual([late.messages[0]?.topic, late.messages[0]?.retain], ["a/kept", true]);
});

test("keeps the order of what is published at once, however small the window", async (t) => {
  const { publisher, messages } = await startAll(t, { maxInflight: 3 });
  const payloads = Array.from({ length: 200 }, (_, index) => String(index));
  await Promise.all(payloads.map((payload) => publisher.publish(alertMessage("a/b", payload))));
  await eventually(() => assert.equal(messages.length, 200));
  assert.deepEqual(
    messages.map(({ text }) => text),
    payloads,
  );
});

test("publishes over WebSockets", async (t) => {
  const port = await freeTcpPort();
  const broker = await startMosquitto(t, { config: `listener ${port} 127.0.0.1\nprotocol websockets` });
  const { messages } = await subscribeMqtt(t, { port: broker.port, topics: ["a/#"] });
  const publisher = startPublisher(t, `ws://127.0.0.1:${port}/mqtt`);
  await eventually(() => assert(publisher.online()));
  await publisher.publish(alertMessage("a/b", "x"));
  await eventually(() => assert.deepEqual(textsOf({ messages }), ["x"]));
});

test("says online, retained and without an expiry, when it connects", async (t) => {
  const { broker } = await startAll(t, { messageExpirySeconds: 3_600 });
  const { messages } = await subscribeMqtt(t, { port: broker.port, topics: [statusTopic] });
  await eventually(() => assert.equal(messages.length, 1));
  assert.deepEqual([messages[0]?.text, messages[0]?.retain, messages[0]?.qos], ["online", true, 1]);
  assert.equal(messages[0]?.expirySeconds, undefined);
});

test("shows neither user nor password in the log", async (t) => {
  const login = { username: "hidden-user", password: "hidden-password" };
  const { publisher } = await startAll(t, login);
  const refused = startPublisher(t, `mqtt://hidden-user:hidden-password@127.0.0.1:${await freeTcpPort()}`, login);
  await eventually(() => assert.notEqual(refused.troubles().length, 0));
  assert.equal(publisher.logged("connected to the broker").length, 1);
  assert.doesNotMatch(JSON.stringify([publisher.lines, refused.lines, refused.state()]), /hidden/);
});

test("wants twice the window at most, at least 64, and none without a connection", async (t) => {
  const { broker, publisher } = await startAll(t, { maxInflight: 100, protocolVersion: 4 });
  assert.equal(publisher.capacity(), 200);
  const other = startPublisher(t, broker.url, { maxInflight: 3 });
  assert.equal(other.capacity(), 0);
  await eventually(() => assert.equal(other.capacity(), 64));
  await broker.stop();
  await eventually(() => assert.equal(publisher.capacity(), 0));
});

for (const protocolVersion of [4, 5] as const) {
  test(`has the broker say offline, retained, when its connection breaks (protocol ${protocolVersion})`, async (t) => {
    const broker = await startMosquitto(t);
    const link = await startTcpLink(t, broker.port);
    const live = await subscribeMqtt(t, { port: broker.port, topics: [statusTopic] });
    const timing = { firstRetryMs: 60_000 };
    const publisher = startPublisher(t, `mqtt://127.0.0.1:${link.port}`, { protocolVersion, timing });
    await eventually(() => assert.deepEqual(textsOf(live), ["online"]));
    link.cut();
    await eventually(() => assert.deepEqual(textsOf(live), ["online", "offline"]));
    assert.equal(publisher.online(), false);
    const late = await subscribeMqtt(t, { port: broker.port, topics: [statusTopic] });
    await eventually(() => assert.deepEqual([late.messages[0]?.text, late.messages[0]?.retain], ["offline", true]));
  });
}

test("says online again when it has connected again", async (t) => {
  const broker = await startMosquitto(t);
  const link = await startTcpLink(t, broker.port);
  const live = await subscribeMqtt(t, { port: broker.port, topics: [statusTopic] });
  const publisher = startPublisher(t, `mqtt://127.0.0.1:${link.port}`);
  await eventually(() => assert.deepEqual(textsOf(live), ["online"]));
  link.cut();
  await eventually(() => assert.deepEqual(textsOf(live), ["online", "offline", "online"]));
  await eventually(() => assert(publisher.online()));
});

test("says offline, retained, and takes its leave of the broker when it is closed", async (t) => {
  const { broker, publisher } = await startAll(t);
  const { messages } = await subscribeMqtt(t, { port: broker.port, topics: [statusTopic] });
  await publisher.publish(alertMessage("a/b", "x"));
  await publisher.close();
  assert.equal(publisher.online(), false);
  await eventually(() => assert.deepEqual(textsOf({ messages }), ["online", "offline"]));
  await eventually(() => assert.match(broker.log(), /Client alerter-\w+ disconnected\./));
  const late = await subscribeMqtt(t, { port: broker.port, topics: [statusTopic] });
  await eventually(() => assert.deepEqual([late.messages[0]?.text, late.messages[0]?.retain], ["offline", true]));
  assert.deepEqual(publisher.troubles(), []);
});

test("is closed twice like once", async (t) => {
  const { publisher } = await startAll(t);
  await Promise.all([publisher.close(), publisher.close()]);
  await publisher.close();
  assert.equal(publisher.online(), false);
});

function textsOf({ messages }: { readonly messages: readonly { readonly text: string }[] }): string[] {
  return messages.map(({ text }) => text);
}

test("tells which messages the broker has no subscriber for, and takes them for delivered", async (t) => {
  const { publisher, messages } = await startAll(t);
  for (const topic of ["a/b", "b/a", "a/c"]) await publisher.publish(alertMessage(topic, topic));
  await eventually(() => assert.equal(messages.length, 2));
  assert.deepEqual(
    publisher.answers.filter((answer) => /^basic.*0x10/.test(answer)),
    ["basic b/a 0x10"],
  );
});

for (const changes of [{ qos: 0 }, { protocolVersion: 4 }] as const) {
  test(`hears nothing of subscribers with ${JSON.stringify(changes)}`, async (t) => {
    const { publisher } = await startAll(t, changes);
    await publisher.publish(alertMessage("b/a", "x"));
    assert.deepEqual(
      publisher.answers.filter((answer) => /^basic.*0x10/.test(answer)),
      [],
    );
  });
}

test("sends a message without user properties, and one with correlation data", async (t) => {
  const broker = await startMosquitto(t);
  const subscriber = await subscribeMqtt(t, { port: broker.port, topics: ["a"] });
  const publisher = startPublisher(t, broker.url, { qos: 0, retain: true });
  await eventually(() => assert.ok(publisher.online()));
  const message = { ...alertMessage("a", "x"), kind: "result", userProperties: {}, qos: 1, retain: false } as const;
  await publisher.publish(message);
  await publisher.publish({ ...message, correlationData: Buffer.from("c"), userProperties: { a: ["1", "2"] } });
  await eventually(() => assert.equal(subscriber.messages.length, 2));
  assert.deepEqual(
    subscriber.messages.map(({ qos, retain, correlationData }) => [qos, retain, correlationData]),
    [
      [1, false, undefined],
      [1, false, "c"],
    ],
  );
});
