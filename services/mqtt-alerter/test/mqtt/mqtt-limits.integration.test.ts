import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, startMosquitto, startScriptedBroker, subscribeMqtt } from "@sense-alerts/test-kit";
import { alertMessage, resultOf, startPublisher, statusTopic } from "../fixtures/start-publisher.js";

for (const [maxInflight, receiveMaximum] of [
  [256, 1],
  [256, 2],
  [256, 20],
  [3, 65_535],
] as const) {
  const limit = Math.min(maxInflight, receiveMaximum);
  test(`has ${limit} messages in flight with MQTT_MAX_INFLIGHT=${maxInflight} and Receive Maximum ${receiveMaximum}`, async (t) => {
    const broker = await startScriptedBroker(t, {
      announces: { receiveMaximum },
      onPublish: ({ topic, text }) => (topic === statusTopic || text === "first" ? undefined : "never"),
    });
    const publisher = startPublisher(t, broker.url, { maxInflight });
    await eventually(() => assert(publisher.online()));
    await publisher.publish(alertMessage("a/b", "first"));
    const payloads = Array.from({ length: 50 }, (_, index) => String(index));
    const results = payloads.map((payload) => resultOf(publisher.publish(alertMessage("a/b", payload))));
    const sent = () => broker.publishes.slice(2);
    for (let answered = 0; answered < payloads.length; answered++) {
      await eventually(() => assert.equal(sent().length, Math.min(answered + limit, payloads.length)));
      const next = sent()[answered];
      if (next !== undefined) broker.puback(next);
    }
    assert.deepEqual(new Set(await Promise.all(results)), new Set(["published"]));
    assert.equal(broker.mostInFlight(), limit);
    assert.deepEqual(
      sent().map(({ text }) => text),
      payloads,
    );
  });
}

for (const [maximumQos, qos, used] of [
  [0, 1, 0],
  [1, 1, 1],
] as const) {
  test(`publishes with QoS ${used} instead of ${qos} to a broker that knows QoS ${maximumQos} at most`, async (t) => {
    const broker = await startMosquitto(t, { config: `max_qos ${maximumQos}` });
    const { messages } = await subscribeMqtt(t, { port: broker.port, topics: ["a/#", statusTopic], qos: 2 });
    const publisher = startPublisher(t, broker.url, { qos });
    await eventually(() => assert(publisher.online()));
    assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), "published");
    await eventually(() => assert.equal(messages.length, 2));
    assert.deepEqual(
      messages.map((message) => [message.text, message.qos]),
      [
        ["online", Math.min(1, used)],
        ["x", used],
      ],
    );
    const [reduced] = publisher.logged("the broker allows less than the settings ask for");
    assert.equal(reduced?.["qos"], used < qos ? used : undefined);
    // The last will asks for QoS 1 at first, which a broker without it refuses.
    assert.deepEqual(publisher.troubles(), []);
  });
}

test("publishes unretained, the status and the last will too, to a broker that retains nothing", async (t) => {
  // mosquitto's log tells: subscribeMqtt waits for a retained message, which such a broker has not.
  const broker = await startMosquitto(t, { config: "retain_available false\nlog_type all" });
  const publisher = startPublisher(t, broker.url, { retain: true });
  await eventually(() => assert(publisher.online()));
  assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), "published");
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
  assert.equal(publisher.logged("the broker allows less than the settings ask for").length, 1);
  assert.deepEqual(publisher.troubles(), []);
});

test("says nothing of limits to a broker that has none", async (t) => {
  const broker = await startMosquitto(t);
  const publisher = startPublisher(t, broker.url, { qos: 1, retain: true });
  await eventually(() => assert(publisher.online()));
  assert.deepEqual(publisher.logged("the broker allows less than the settings ask for"), []);
});

for (const qos of [0, 1] as const) {
  for (const messageExpirySeconds of [undefined, 60]) {
    const expiry = messageExpirySeconds === undefined ? "without" : "with";
    test(`sends a packet of the size that the broker takes at most, and none a byte larger (QoS ${qos}, ${expiry} expiry)`, async (t) => {
      const broker = await startScriptedBroker(t, { announces: { maximumPacketSize: 200 } });
      const publisher = startPublisher(t, broker.url, { qos, messageExpirySeconds });
      await eventually(() => assert.equal(broker.publishes.length, 1));
      const results: string[] = [];
      for (let length = 1; length < 200 && results.at(-1) !== "packet-too-large for good"; length++) {
        results.push(await resultOf(publisher.publish(alertMessage("a/b", "é".repeat(20) + "x".repeat(length)))));
      }
      assert(results.length > 2);
      // The status stands for the message that was refused.
      await eventually(() => assert.equal(broker.publishes.length, results.length));
      assert.equal(broker.publishes.at(-1)?.packetBytes, 200);
      assert.deepEqual(new Set(results.slice(0, -1)), new Set(["published"]));
      assert.equal(broker.connects.length, 1);
    });
  }
}

test("keeps mosquitto's packet limit", async (t) => {
  const broker = await startMosquitto(t, { config: "max_packet_size 200" });
  const publisher = startPublisher(t, broker.url);
  await eventually(() => assert(publisher.online()));
  assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x".repeat(200)))), "packet-too-large for good");
  assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), "published");
  assert.deepEqual(publisher.troubles(), []);
});

test("a message above mosquitto's message_size_limit is refused, and the connection stays", async (t) => {
  const broker = await startMosquitto(t, { config: "message_size_limit 100\nmax_queued_messages 100000" });
  const publisher = startPublisher(t, broker.url);
  await eventually(() => assert(publisher.online()));
  const results = ["x".repeat(101), "x", "x".repeat(102)].map((payload) =>
    resultOf(publisher.publish(alertMessage("a/b", payload))),
  );
  const tooLarge = "packet-too-large for good";
  assert.deepEqual(await Promise.all(results), [tooLarge, "published", tooLarge]);
  assert.deepEqual(publisher.troubles(), []);
});
