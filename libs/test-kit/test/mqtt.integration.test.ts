import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, publishMqtt, startMosquitto, subscribeMqtt, uniqueName } from "../src/index.js";

test("carries a binary payload and the properties round", async (t) => {
  const { port } = await startMosquitto(t);
  const { messages } = await subscribeMqtt(t, { port, topics: ["plain/#", "sense/+"] });
  const payload = Buffer.from([0x00, 0x0a, 0xff, 0xc3, 0xa5, 0x7b]);
  await publishMqtt({
    port,
    topic: "sense/försäljning",
    payload,
    properties: {
      contentType: "application/octet-stream",
      responseTopic: "answers/here",
      correlationData: "17",
      payloadIsUtf8: false,
      expirySeconds: 60,
      userProperties: { eventId: "a b", taskName: "Läs 'allt' { \"nu\" }" },
    },
  });
  await publishMqtt({
    port,
    topic: "plain/utf8",
    payload: "rad 1\nrad\u2028 2 €",
    properties: { payloadIsUtf8: true },
  });
  await publishMqtt({ port, topic: "plain/empty", payload: "", qos: 0 });
  await eventually(() => assert.equal(messages.length, 3));

  const [binary, text, empty] = messages;
  assert.deepEqual(binary, {
    topic: "sense/försäljning",
    payload,
    text: payload.toString("utf8"),
    qos: 1,
    retain: false,
    userProperties: { eventId: "a b", taskName: "Läs 'allt' { \"nu\" }" },
    contentType: "application/octet-stream",
    responseTopic: "answers/here",
    correlationData: "17",
    payloadIsUtf8: false,
    expirySeconds: 60,
    receivedAt: binary?.receivedAt,
  });
  assert.equal(text?.text, "rad 1\nrad\u2028 2 €");
  assert.equal(text?.payloadIsUtf8, true);
  assert.deepEqual(text?.userProperties, {});
  assert.equal(empty?.payload.length, 0);
  assert.equal(empty?.qos, 0);
});

test("speaks 3.1.1 and sees what is retained", async (t) => {
  const { port } = await startMosquitto(t);
  await publishMqtt({ port, topic: "status", payload: "online", retain: true, version: 4 });
  const { messages } = await subscribeMqtt(t, { port, topics: ["status"], version: 4 });
  await eventually(() => assert.equal(messages.length, 1));
  assert.equal(messages[0]?.text, "online");
  assert.equal(messages[0]?.retain, true);
});

test("reads payloads of any length whole", async (t) => {
  const { port } = await startMosquitto(t);
  const { messages } = await subscribeMqtt(t, { port, topics: ["long"] });
  const payload = "å".repeat(150_000);
  await publishMqtt({ port, topic: "long", payload });
  await eventually(() => assert.equal(messages.length, 1));
  assert.ok(messages[0]?.text === payload);
});

test("comes back on its port after a crash, and subscribers with it", async (t) => {
  const broker = await startMosquitto(t);
  const { port } = broker;
  const { messages, grants } = await subscribeMqtt(t, { port, topics: ["#"] });
  await broker.stop("SIGKILL");
  await assert.rejects(publishMqtt({ port, topic: "lost", payload: "x" }), /mosquitto_pub to lost ended with/);
  await broker.start();
  await eventually(() => assert.equal(grants(), 2));
  await publishMqtt({ port, topic: "after", payload: "crash" });
  await eventually(() =>
    assert.deepEqual(
      messages.map(({ text }) => text),
      ["crash"],
    ),
  );
});

test("keeps a subscriber's session over a restart when told to", async (t) => {
  const broker = await startMosquitto(t, { config: "persistence true" });
  const { port } = broker;
  const args = ["-c", "-i", uniqueName("observer"), "-x", "300"];
  const first = await subscribeMqtt(t, { port, topics: ["kept"], args });
  await first.stop();
  await publishMqtt({ port, topic: "kept", payload: "while nobody looked" });
  await broker.stop();
  await broker.start();
  const second = await subscribeMqtt(t, { port, topics: ["kept"], args });
  await eventually(() =>
    assert.deepEqual(
      second.messages.map(({ text }) => text),
      ["while nobody looked"],
    ),
  );
});

test("answers nothing while suspended, and goes on after", async (t) => {
  const broker = await startMosquitto(t);
  const { port } = broker;
  const { messages } = await subscribeMqtt(t, { port, topics: ["#"] });
  broker.suspend();
  const published = publishMqtt({ port, topic: "late", payload: "x" });
  await assert.rejects(eventually(() => assert.equal(messages.length, 1), { timeoutMs: 200 }));
  broker.resume();
  await published;
  await eventually(() => assert.equal(messages.length, 1));
});

test("says why a broker or a subscription does not come about", async (t) => {
  await assert.rejects(startMosquitto(t, { config: "no_such_option 1" }), /no_such_option/);
  const closed = await startMosquitto(t, { config: "allow_anonymous false" });
  await assert.rejects(subscribeMqtt(t, { port: closed.port, topics: ["#"] }), /[Nn]ot authori[sz]ed/);
});
