import assert from "node:assert/strict";
import { test } from "node:test";
import {
  awsIotCore,
  firstOf,
  mostConnectsPerMinute,
  publishMqtt,
  refuseMqtt5,
  refuseRetained,
  refuseTopics,
  refuseWill,
  repeatsOnOneConnection,
  startScriptedBroker,
} from "../../src/index.js";

const will = ["--will-topic", "gone", "--will-payload", "offline"];

test("accepts what no rule refuses, and records it", async (t) => {
  const { port, connects, publishes, accepted } = await startScriptedBroker(t);
  await publishMqtt({
    port,
    topic: "a/b",
    payload: "å",
    properties: { userProperties: { eventId: "e1" } },
    args: ["-i", "one"],
  });
  await publishMqtt({ port, topic: "a/b", payload: "c", version: 4, args: [...will, "-i", "one"] });
  assert.deepEqual(
    connects.map(({ protocolVersion, will }) => [protocolVersion, will?.topic]),
    [
      [5, undefined],
      [4, "gone"],
    ],
  );
  assert.deepEqual(
    publishes.map(({ connection, topic, text, userProperties, dup }) => [connection, topic, text, userProperties, dup]),
    [
      [1, "a/b", "å", { eventId: "e1" }, false],
      [2, "a/b", "c", {}, false],
    ],
  );
  assert.equal(accepted.length, 2);
  assert.equal(mostConnectsPerMinute(connects), 2);
});

test("refuses a topic with a reason code, and a retained message by closing", async (t) => {
  const rules = firstOf(refuseTopics(/^secret/, { puback: 0x87 }), refuseRetained("close"));
  const { port, accepted } = await startScriptedBroker(t, { onPublish: rules });
  const publish = (topic: string, retain = false, version: 4 | 5 = 5) =>
    publishMqtt({ port, topic, payload: "x", retain, version });
  await publish("secret/plans"); // mosquitto_pub ends with 0 all the same
  await publish("open");
  await publish("secret/plans", false, 4);
  await assert.rejects(publish("open", true));
  assert.deepEqual(
    accepted.map(({ topic }) => topic),
    ["open"],
  );
});

test("refuses a last will and a protocol version at the CONNECT", async (t) => {
  const broker = await startScriptedBroker(t, { onConnect: refuseWill({ connack: 0x9a }) });
  const { port } = broker;
  await assert.rejects(publishMqtt({ port, topic: "t", payload: "x", args: will }), /retain/i);
  broker.behave({ onConnect: refuseMqtt5({ connack: 0x84 }) });
  await assert.rejects(publishMqtt({ port, topic: "t", payload: "x" }), /protocol version/i);
  await publishMqtt({ port, topic: "t", payload: "x", version: 4 });
  assert.equal(broker.accepted.length, 1);
});

test("takes bytes no faster than the link", async (t) => {
  const { port, accepted } = await startScriptedBroker(t, { link: { bytesPerSecond: 4_000, answerAfterMs: 100 } });
  const start = performance.now();
  await publishMqtt({ port, topic: "t", payload: "x".repeat(4_000) });
  const ms = performance.now() - start;
  assert.equal(accepted.length, 1);
  assert.ok(ms > 1_000 && ms < 5_000, `took ${ms} ms`);
});

test("closes the connection on a topic that is longer or deeper than AWS IoT Core accepts", async (t) => {
  const { port, accepted } = await startScriptedBroker(t, awsIotCore());
  await publishMqtt({ port, topic: "1/2/3/4/5/6/7/8", payload: "x" });
  await assert.rejects(publishMqtt({ port, topic: "1/2/3/4/5/6/7/8/9", payload: "x" }));
  await assert.rejects(publishMqtt({ port, topic: "å".repeat(129), payload: "x" }));
  assert.equal(accepted.length, 1);
});

test("names a repeat on one connection, and not one after a reconnect", () => {
  const publish = { topic: "t", text: "x", payload: Buffer.from("x"), qos: 1, retain: false, dup: false, packetId: 1 };
  const rest = { packetBytes: 5, contentType: undefined, userProperties: {}, receivedAt: 0 };
  const on = (connection: number) => ({ protocolVersion: 5, ...publish, ...rest, connection });
  assert.equal(repeatsOnOneConnection([on(1), on(2)]).length, 0);
  assert.equal(repeatsOnOneConnection([on(1), on(2), on(1)]).length, 1);
});
