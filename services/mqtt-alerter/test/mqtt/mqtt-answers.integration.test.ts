import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@sense-alerts/test-kit";
import { PublishError } from "../../src/mqtt/publish-error.js";
import { connack, startScriptedBroker } from "../fixtures/scripted-broker.js";
import { alertMessage, resultOf, startPublisher, statusTopic } from "../fixtures/start-publisher.js";

for (const [what, reasonCode, result] of [
  ["success", 0x00, "acknowledged"],
  ["no matching subscribers", 0x10, "acknowledged"],
  ["unspecified error", 0x80, "refused 0x80"],
  ["topic name invalid", 0x90, "refused 0x90"],
  ["packet too large", 0x95, "refused 0x95"],
  ["quota exceeded", 0x97, "refused 0x97"],
  ["payload format invalid", 0x99, "refused 0x99"],
] as const) {
  test(`takes the PUBACK "${what}" for ${result}`, async (t) => {
    const broker = await startScriptedBroker(t, { onPublish: ({ topic }) => (topic === statusTopic ? 0 : reasonCode) });
    const publisher = startPublisher(t, broker.url);
    await eventually(() => assert(publisher.online()));
    assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), result);
    assert.equal(publisher.inFlight(), 0);
    assert.deepEqual(publisher.answers, [0, reasonCode]);
    assert.deepEqual(publisher.troubles, []);
    assert.deepEqual(publisher.unheard, reasonCode === 0x10 ? ["x"] : []);
  });
}

test("gives up one message that never gets its PUBACK while the others go on", async (t) => {
  const broker = await startScriptedBroker(t, { onPublish: ({ payload }) => (payload === "lost" ? undefined : 0) });
  const publisher = startPublisher(t, broker.url, { maxInflight: 2, timing: { pubackMs: 500 } });
  await eventually(() => assert(publisher.online()));
  const startMs = performance.now();
  let isOver = false;
  const lost = resultOf(publisher.publish(alertMessage("a/b", "lost"))).finally(() => {
    isOver = true;
  });
  let others = 0;
  while (!isOver) {
    assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "other"))), "acknowledged");
    others++;
  }
  const tookMs = performance.now() - startMs;
  assert.equal(await lost, "no-puback");
  assert(tookMs >= 500 && tookMs < 1_500, `${tookMs} ms`);
  assert(others > 10, String(others));
  assert.deepEqual([publisher.changes, publisher.inFlight()], [[true], 0]);
  assert.equal(broker.publishes.filter(({ payload }) => payload === "lost").length, 1);
  assert.equal(publisher.answers.length, 1 + others);
});

test("does not take a late PUBACK for that of another message", async (t) => {
  const broker = await startScriptedBroker(t, { onPublish: ({ topic }) => (topic === statusTopic ? 0 : undefined) });
  const publisher = startPublisher(t, broker.url, { timing: { pubackMs: 300 } });
  await eventually(() => assert(publisher.online()));
  const late = resultOf(publisher.publish(alertMessage("a/b", "late")));
  await eventually(() => assert.equal(broker.publishes.length, 2));
  broker.send([0xd0, 0]); // a PINGRESP: the broker is alive
  assert.equal(await late, "no-puback");
  const next = resultOf(publisher.publish(alertMessage("a/b", "next")));
  await eventually(() => assert.equal(broker.publishes.length, 3));
  for (const publish of broker.publishes) if (publish.payload === "late") broker.puback(publish);
  for (const publish of broker.publishes) if (publish.payload === "next") broker.puback(publish, 0x97);
  assert.equal(await next, "refused 0x97");
  assert.deepEqual(publisher.changes, [true]);
});

test("connects anew to a broker that takes messages and answers nothing at all", async (t) => {
  const broker = await startScriptedBroker(t, { onPublish: () => undefined });
  const publisher = startPublisher(t, broker.url, { timing: { pubackMs: 300 } });
  await eventually(() => assert(publisher.online()));
  assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), "offline");
  await eventually(() => assert(broker.connects() > 1));
  for (const trouble of publisher.troubles) assert.equal(trouble, "the connection broke");
});

test("tries until a broker that is busy lets it in", async (t) => {
  const broker = await startScriptedBroker(t, { onConnect: (attempt) => connack(attempt <= 3 ? 0x88 : 0) });
  const publisher = startPublisher(t, broker.url);
  await eventually(() => assert(publisher.online()));
  assert.equal(broker.connects(), 4);
  assert.deepEqual(publisher.troubles, Array(3).fill("Connection refused: Server unavailable"));
  await publisher.publish(alertMessage("a/b", "x"));
});

test("says which version to set when the broker answers in MQTT 3.1.1 that it knows no other", async (t) => {
  const broker = await startScriptedBroker(t, { onConnect: () => [0x20, 2, 0, 1] });
  const publisher = startPublisher(t, broker.url);
  await eventually(() => assert(publisher.troubles.length >= 2));
  for (const trouble of publisher.troubles) assert.match(trouble, /set MQTT_PROTOCOL_VERSION=4/);
  assert(broker.connects() >= 2);
});

test("says so when the connection is closed without an answer", async (t) => {
  const broker = await startScriptedBroker(t, { onConnect: () => undefined });
  const publisher = startPublisher(t, broker.url);
  await eventually(() => assert(publisher.troubles.length >= 2));
  for (const trouble of publisher.troubles) assert.match(trouble, /closed without an answer.*MQTT_PROTOCOL_VERSION=4/);
  assert.deepEqual(publisher.changes, []);
});

test("says of each attempt why that one failed", async (t) => {
  const broker = await startScriptedBroker(t, {
    onConnect: (attempt) => [connack(0x88), undefined, connack(0)][attempt - 1],
  });
  const publisher = startPublisher(t, broker.url);
  await eventually(() => assert(publisher.online()));
  assert.equal(publisher.troubles.length, 2);
  assert.match(publisher.troubles[0] ?? "", /Server unavailable/);
  assert.match(publisher.troubles[1] ?? "", /closed without an answer/);
});

test("gives up an attempt that is never answered, and tries again", async (t) => {
  const broker = await startScriptedBroker(t, { onConnect: (attempt) => (attempt === 1 ? [] : connack(0)) });
  const publisher = startPublisher(t, broker.url, { timing: { connackMs: 200 } });
  await eventually(() => assert(publisher.online()));
  assert.equal(broker.connects(), 2);
  assert.equal(publisher.troubles.length, 1);
  assert.match(publisher.troubles[0] ?? "", /no answer to the attempt to connect/);
});

test("connects anew when the broker sends what is no MQTT", async (t) => {
  const broker = await startScriptedBroker(t);
  const publisher = startPublisher(t, broker.url);
  await eventually(() => assert(publisher.online()));
  broker.send([...Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")]);
  await eventually(() => assert.deepEqual(publisher.changes, [true, false, true]));
  assert.equal(publisher.troubles.length, 1);
  await publisher.publish(alertMessage("a/b", "x"));
});

for (const [reasonCode, explanation] of [
  [0x8b, /^the broker is shutting down$/],
  [0x8e, /^another client has taken over this client id/],
  [0x98, /^the broker ended the connection \(reason code 152\)$/],
] as const) {
  test(`says why the broker ended the connection (0x${reasonCode.toString(16)})`, async (t) => {
    const broker = await startScriptedBroker(t);
    const publisher = startPublisher(t, broker.url);
    await eventually(() => assert(publisher.online()));
    broker.send([0xe0, 2, reasonCode, 0]);
    await eventually(() => assert.deepEqual(publisher.changes, [true, false, true]));
    assert.equal(publisher.troubles.length, 1);
    assert.match(publisher.troubles[0] ?? "", explanation);
  });
}

test("is closed in time, and its connection with it, when the broker does not answer", async (t) => {
  const broker = await startScriptedBroker(t, { onPublish: ({ payload }) => (payload === "online" ? 0 : undefined) });
  const publisher = startPublisher(t, broker.url, { maxInflight: 2, timing: { goodbyeMs: 300 } });
  await eventually(() => assert(publisher.online()));
  const results = ["1", "2", "3"].map((payload) => resultOf(publisher.publish(alertMessage("a/b", payload))));
  await eventually(() => assert.equal(broker.publishes.length, 3));
  const startMs = performance.now();
  await publisher.close();
  assert(performance.now() - startMs < 1_300);
  assert.deepEqual(await Promise.all(results), ["offline", "offline", "offline"]);
  await eventually(() => assert.equal(broker.connections(), 0));
  assert.equal(broker.connects(), 1);
});

test("is closed in time when the broker acknowledges the goodbye and leaves a message open", async (t) => {
  const broker = await startScriptedBroker(t, { onPublish: ({ topic }) => (topic === statusTopic ? 0 : undefined) });
  const publisher = startPublisher(t, broker.url, { timing: { goodbyeMs: 300 } });
  await eventually(() => assert(publisher.online()));
  const result = resultOf(publisher.publish(alertMessage("a/b", "1")));
  await publisher.close();
  assert.equal(await result, "offline");
  await eventually(() => assert.equal(broker.connections(), 0));
  assert.deepEqual(
    broker.publishes.map(({ payload }) => payload),
    ["online", "1", "offline"],
  );
});

test("is closed at once when it has to hurry", async (t) => {
  const broker = await startScriptedBroker(t, { onPublish: ({ payload }) => (payload === "online" ? 0 : undefined) });
  for (const signal of [AbortSignal.abort(), AbortSignal.timeout(50)]) {
    const publisher = startPublisher(t, broker.url, { timing: { goodbyeMs: 60_000 } });
    await eventually(() => assert(publisher.online()));
    const startMs = performance.now();
    await publisher.close(signal);
    assert(performance.now() - startMs < 1_000);
    await eventually(() => assert.equal(broker.connections(), 0));
  }
});

test("tells a message that was alone under way when the connection broke from one that had company", async (t) => {
  const broker = await startScriptedBroker(t, { onPublish: ({ topic }) => (topic === statusTopic ? 0 : undefined) });
  const publisher = startPublisher(t, broker.url, { maxInflight: 2 });
  const breakWith = async (payloads: readonly string[], sent: number) => {
    await eventually(() => assert(publisher.online()));
    const results = payloads.map((payload) =>
      publisher.publish(alertMessage("a/b", payload)).catch((error: unknown) => error),
    );
    const state = () => [publisher.inFlight(), broker.publishes.at(-1)?.payload];
    await eventually(() => assert.deepEqual(state(), [sent, payloads[sent - 1]]));
    broker.cut();
    const errors = await Promise.all(results);
    return errors.map((error) => error instanceof PublishError && [error.code, error.alone]);
  };
  assert.deepEqual(await breakWith(["1", "2", "3"], 2), Array(3).fill(["offline", false]));
  assert.deepEqual(await breakWith(["4", "5"], 1), [
    ["offline", true],
    ["offline", false],
  ]);
});

test("sends as many as ever after a break that no message can have caused", async (t) => {
  const broker = await startScriptedBroker(t, { onPublish: ({ topic }) => (topic === statusTopic ? 0 : undefined) });
  const publisher = startPublisher(t, broker.url, { maxInflight: 3 });
  await eventually(() => assert.deepEqual([publisher.inFlight(), broker.publishes.length], [0, 1]));
  broker.cut();
  await eventually(() => assert.deepEqual(publisher.changes, [true, false, true]));
  const results = ["1", "2", "3"].map((payload) => resultOf(publisher.publish(alertMessage("a/b", payload))));
  await eventually(() => assert.equal(broker.publishes.length, 5));
  for (const publish of broker.publishes) broker.puback(publish);
  assert.deepEqual(await Promise.all(results), ["acknowledged", "acknowledged", "acknowledged"]);
});

test("sends one message at first after the connection broke, and more with each PUBACK", async (t) => {
  const broker = await startScriptedBroker(t, { onPublish: ({ topic }) => (topic === statusTopic ? 0 : undefined) });
  const publisher = startPublisher(t, broker.url, { maxInflight: 4 });
  await eventually(() => assert(publisher.online()));
  const lost = resultOf(publisher.publish(alertMessage("a/b", "lost")));
  await eventually(() => assert.equal(broker.publishes.length, 2));
  broker.cut();
  assert.equal(await lost, "offline");
  await eventually(() => assert.deepEqual(publisher.changes, [true, false, true]));
  const payloads = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
  const results = payloads.map((payload) => resultOf(publisher.publish(alertMessage("a/b", payload))));
  const sent = () => broker.publishes.filter(({ topic, payload }) => topic === "a/b" && payload !== "lost");
  for (const [answered, expected] of [1, 3, 6, 7, 8, 9, 9, 9, 9].entries()) {
    await eventually(() => assert.equal(sent().length, expected));
    const next = sent()[answered];
    assert(next !== undefined);
    broker.puback(next);
  }
  assert.deepEqual(new Set(await Promise.all(results)), new Set(["acknowledged"]));
});

test("settles every publish, however often the connection is cut", async (t) => {
  const broker = await startScriptedBroker(t, {
    onPublish: ({ topic, packetId }) => (topic !== statusTopic && packetId % 3 === 0 ? undefined : 0),
  });
  const publisher = startPublisher(t, broker.url, { maxInflight: 8, timing: { firstRetryMs: 1, longestRetryMs: 5 } });
  let settled = 0;
  const count = () => {
    settled++;
  };
  const waiting: Promise<void>[] = [];
  for (let round = 1; round <= 100; round++) {
    await eventually(() => assert(publisher.online()), { intervalMs: 1 });
    for (let index = 0; index < 20; index++) {
      waiting.push(resultOf(publisher.publish(alertMessage("a/b", `${round}.${index}`))).then(count));
    }
    await eventually(() => assert(broker.publishes.some(({ payload }) => payload.startsWith(`${round}.`))), {
      intervalMs: 1,
    });
    broker.cut();
    await eventually(() => assert.equal(publisher.online(), false), { intervalMs: 1 });
  }
  await Promise.all(waiting);
  assert.equal(settled, 2_000);
  assert.equal(publisher.inFlight(), 0);
});
