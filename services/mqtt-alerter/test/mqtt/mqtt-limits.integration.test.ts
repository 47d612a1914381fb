import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, startMosquitto, subscribeMqtt } from "@sense-alerts/test-kit";
import { connack, receiveMaximum, startScriptedBroker } from "../fixtures/scripted-broker.js";
import { alertMessage, resultOf, startPublisher, statusTopic } from "../fixtures/start-publisher.js";

for (const limit of [1, 2, 20]) {
  test(`has ${limit} messages without their PUBACK at most when the broker takes no more`, async (t) => {
    const broker = await startScriptedBroker(t, {
      onConnect: () => connack(0, receiveMaximum(limit)),
      onPublish: () => undefined,
    });
    const publisher = startPublisher(t, broker.url);
    await eventually(() => assert(publisher.online()));
    const payloads = Array.from({ length: 50 }, (_, index) => String(index));
    const results = payloads.map((payload) => resultOf(publisher.publish(alertMessage("a/b", payload))));
    // The status of the connection comes first, and counts.
    for (let answered = 0; answered <= payloads.length; answered++) {
      await eventually(() => assert.equal(broker.publishes.length, Math.min(answered + limit, payloads.length + 1)));
      const next = broker.publishes[answered];
      if (next !== undefined) broker.puback(next);
    }
    assert.deepEqual(new Set(await Promise.all(results)), new Set(["acknowledged"]));
    assert.equal(broker.mostInFlight(), limit);
    assert.deepEqual(
      broker.publishes.map(({ payload }) => payload),
      ["online", ...payloads],
    );
  });
}

test("has no more messages without their PUBACK than its own setting says", async (t) => {
  const broker = await startScriptedBroker(t, { onPublish: ({ topic }) => (topic === statusTopic ? 0 : undefined) });
  const publisher = startPublisher(t, broker.url, { maxInflight: 3 });
  await eventually(() => assert(publisher.online()));
  const results = Array.from({ length: 9 }, (_, index) => resultOf(publisher.publish(alertMessage("a/b", `${index}`))));
  for (let answered = 1; answered <= 9; answered++) {
    await eventually(() => assert.equal(publisher.inFlight(), Math.min(3, 10 - answered)));
    await eventually(() => assert.equal(broker.publishes.length, Math.min(answered + 3, 10)));
    const next = broker.publishes[answered];
    assert(next !== undefined);
    broker.puback(next);
  }
  assert.deepEqual(new Set(await Promise.all(results)), new Set(["acknowledged"]));
});

for (const [maximumQos, qos, used] of [
  [0, 2, 0],
  [0, 1, 0],
  [1, 2, 1],
  [1, 1, 1],
] as const) {
  test(`publishes with QoS ${used} instead of ${qos} to a broker that knows QoS ${maximumQos} at most`, async (t) => {
    const broker = await startMosquitto(t, { config: `max_qos ${maximumQos}` });
    const { messages } = await subscribeMqtt(t, { port: broker.port, topics: ["a/#", statusTopic], qos: 2 });
    const publisher = startPublisher(t, broker.url, { qos });
    await eventually(() => assert(publisher.online()));
    assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), "acknowledged");
    await eventually(() => assert.equal(messages.length, 2));
    assert.deepEqual(
      messages.map((message) => [message.text, message.qos]),
      [
        ["online", Math.min(1, used)],
        ["x", used],
      ],
    );
    assert.deepEqual(publisher.reduced, used < qos ? [{ qos: used, retainAvailable: true }] : []);
    // The last will asks for QoS 1, which a broker without it refuses.
    assert.equal(publisher.troubles.length, maximumQos === 0 ? 1 : 0);
  });
}

test("publishes unretained, the status and the last will too, to a broker that retains nothing", async (t) => {
  // mosquitto's log tells: subscribeMqtt waits for a retained message, which such a broker has not.
  const broker = await startMosquitto(t, { config: "retain_available false\nlog_type all" });
  const publisher = startPublisher(t, broker.url, { retain: true });
  await eventually(() => assert(publisher.online()));
  assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), "acknowledged");
  await publisher.close();
  const received = () => Array.from(broker.log().matchAll(/Received PUBLISH .*, (q\d, r\d), m\d+, '(.*)'/g));
  await eventually(() => assert.equal(received().length, 3));
  assert.deepEqual(
    received().map(([, flags, topic]) => [flags, topic]),
    [
      ["q1, r0", statusTopic],
      ["q1, r0", "a/b"],
      ["q1, r0", statusTopic],
    ],
  );
  assert.match(broker.log(), /Will message specified \(7 bytes\) \(r0, q1\)/);
  assert.deepEqual(publisher.changes, [true, false]);
  assert.deepEqual(publisher.reduced, [{ qos: 1, retainAvailable: false }]);
  assert.equal(publisher.troubles.length, 1);
  assert.match(publisher.troubles[0] ?? "", /retains no messages/);
});

test("says nothing of limits to a broker that has none", async (t) => {
  const broker = await startMosquitto(t);
  const publisher = startPublisher(t, broker.url, { qos: 2, retain: true });
  await eventually(() => assert(publisher.online()));
  assert.deepEqual(publisher.reduced, []);
});

for (const qos of [0, 1] as const) {
  for (const messageExpirySeconds of [undefined, 60]) {
    const expiry = messageExpirySeconds === undefined ? "without" : "with";
    test(`sends a packet of the size that the broker takes at most, and none a byte larger (QoS ${qos}, ${expiry} expiry)`, async (t) => {
      const broker = await startScriptedBroker(t, { onConnect: () => connack(0, [0x27, 0, 0, 0, 200]) });
      const publisher = startPublisher(t, broker.url, { qos, messageExpirySeconds });
      await eventually(() => assert.equal(broker.publishes.length, 1));
      const results: string[] = [];
      for (let length = 1; length < 200 && results.at(-1) !== "refused 0x95"; length++) {
        results.push(await resultOf(publisher.publish(alertMessage("a/b", "é".repeat(20) + "x".repeat(length)))));
      }
      assert(results.length > 2);
      // The status stands for the message that was refused.
      await eventually(() => assert.equal(broker.publishes.length, results.length));
      assert.equal(broker.publishes.at(-1)?.packetBytes, 200);
      assert.deepEqual(new Set(results.slice(0, -1)), new Set(["acknowledged"]));
      assert.equal(broker.connects(), 1);
    });
  }
}

test("keeps mosquitto's packet limit", async (t) => {
  const broker = await startMosquitto(t, { config: "max_packet_size 200" });
  const publisher = startPublisher(t, broker.url);
  await eventually(() => assert(publisher.online()));
  assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x".repeat(200)))), "refused 0x95");
  assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), "acknowledged");
  assert.deepEqual(publisher.changes, [true]);
});

for (const qos of [1, 2] as const) {
  test(`is told by mosquitto that a message is above its size limit, though it may hang up then (QoS ${qos})`, async (t) => {
    const broker = await startMosquitto(t, { config: "message_size_limit 200" });
    const publisher = startPublisher(t, broker.url, { qos });
    for (const [length, result] of [
      [200, "acknowledged"],
      [201, "refused 0x95"],
      [30_000, "refused 0x95"],
      [1, "acknowledged"],
    ] as const) {
      await eventually(async () => {
        assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x".repeat(length)))), result);
      });
    }
    assert.equal(publisher.inFlight(), 0);
  });
}
