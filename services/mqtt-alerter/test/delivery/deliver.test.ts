import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { encodeEvent } from "@sense-alerts/event-contract";
import { composeMessages } from "../../src/alerts/alert-messages.js";
import { createDeliver } from "../../src/delivery/deliver.js";
import { PublishError } from "../../src/mqtt/publish-error.js";
import { offline, refused, settled, startBroker, topics } from "../fixtures/broker.js";
import { engineEvent, taskEvent } from "../fixtures/events.js";

test("publishes the basic message before the full one and is done when both are acknowledged", async () => {
  const { handle, published, acknowledged } = startBroker();
  assert.deepEqual(await handle(taskEvent({ id: "a" })), { kind: "done" });
  assert.deepEqual(published, ["a basic", "a full"]);
  assert.deepEqual(acknowledged, ["a basic of a", "a full of a"]);
});

test("publishes all messages of an event before the first is acknowledged, and is not done before the last is", async () => {
  const acknowledge: (() => void)[] = [];
  const deliver = createDeliver({
    plan: (event) => composeMessages(event, topics),
    send: (_, onPublished) => acknowledge.push(() => onPublished(undefined)),
    hasRoom: () => true,
    whenOnline: () => Promise.resolve(),
    onPublished: () => {},
    onRetry: () => {},
  });
  const delivery = { subject: "", bytes: encodeEvent(taskEvent()), sequence: 1, deliveries: 1 };
  const outcome = settled(deliver.handle(delivery, new AbortController().signal));
  assert.equal(acknowledge.length, 2);
  acknowledge[1]?.();
  await setImmediate();
  assert.equal(outcome(), undefined);
  acknowledge[0]?.();
  await setImmediate();
  assert.deepEqual(outcome(), { kind: "done" });
});

test("is done with an event that has no messages", async () => {
  const { handle, published } = startBroker();
  assert.deepEqual(await handle(engineEvent()), { kind: "done" });
  assert.deepEqual(published, []);
});

for (const [bytes, reason] of [
  ["no JSON", "not-json"],
  ["{}", "invalid-event"],
  ['{"type":"sense.task.queued"}', "unknown-type"],
] as const) {
  test(`makes a dead letter of what is ${reason}`, async () => {
    const { handle, published } = startBroker();
    assert.deepEqual(await handle(Buffer.from(bytes)), { kind: "dead", reason });
    assert.deepEqual(published, []);
  });
}

test("makes a dead letter of an event whose topic comes out too long", async () => {
  const { handle, published } = startBroker(() => ({ ok: false, reason: "topic-too-long" }));
  assert.deepEqual(await handle(taskEvent()), { kind: "dead", reason: "topic-too-long" });
  assert.deepEqual(published, []);
});

test("publishes again in the first order when the broker is back", async () => {
  const { handle, broker, published, acknowledged, retried, waiting } = startBroker();
  broker.online = false;
  const outcomes = ["a", "b", "c"].map((id) => handle(taskEvent({ id })));
  await setImmediate();
  assert.equal(waiting(), 6);
  const order = ["a basic", "a full", "b basic", "b full", "c basic", "c full"];
  assert.deepEqual(
    retried,
    order.map((name) => `${name}: offline`),
  );
  published.length = 0;
  broker.comeBack();
  assert.deepEqual(await Promise.all(outcomes), [{ kind: "done" }, { kind: "done" }, { kind: "done" }]);
  assert.deepEqual(published, order);
  assert.equal(acknowledged.length, 6);
});

test("publishes again as often as the broker goes away", async () => {
  const { handle, broker, published, waiting } = startBroker();
  broker.online = false;
  const outcome = handle(taskEvent({ id: "a" }));
  for (let round = 1; round <= 3; round++) {
    await setImmediate();
    assert.equal(waiting(), 2);
    broker.comeBack();
    broker.online = round === 3;
  }
  assert.deepEqual(await outcome, { kind: "done" });
  assert.equal(published.length, 2 * 4);
});

test("publishes only the message again that was not acknowledged", async () => {
  const { handle, broker, published, acknowledged } = startBroker();
  const failures = [new PublishError("no-puback", "no PUBACK"), offline()];
  broker.answer = ({ kind }) => (kind === "full" ? failures.shift() : undefined);
  assert.deepEqual(await handle(taskEvent({ id: "a" })), { kind: "done" });
  assert.deepEqual(published, ["a basic", "a full", "a full", "a full"]);
  assert.deepEqual(acknowledged, ["a basic of a", "a full of a"]);
});

for (const [reasonCode, reason] of [
  [0x90, "topic-name-invalid"],
  [0x95, "packet-too-large"],
  [0x99, "payload-format-invalid"],
] as const) {
  test(`makes a dead letter of ${reason}, with the basic message sent all the same`, async () => {
    const { handle, broker, published, acknowledged, retried } = startBroker();
    broker.answer = ({ kind }) => (kind === "full" ? refused(reasonCode) : undefined);
    assert.deepEqual(await handle(taskEvent({ id: "a" })), { kind: "dead", reason });
    assert.deepEqual(published, ["a basic", "a full"]);
    assert.deepEqual(acknowledged, ["a basic of a"]);
    assert.deepEqual(retried, []);
  });
}

for (const [what, reasonCode, delayMs] of [
  ["a minute when the broker's access rules refuse a message", 0x87, 60_000],
  ["a second when the broker's quota is exceeded", 0x97, 1_000],
  ["a second when the broker gives no reason", 0x80, 1_000],
] as const) {
  test(`hands the event back for ${what}`, async () => {
    const { handle, broker, published, retried } = startBroker();
    broker.answer = ({ kind }) => (kind === "basic" ? refused(reasonCode) : undefined);
    assert.deepEqual(await handle(taskEvent({ id: "a" })), { kind: "later", delayMs });
    assert.deepEqual(published, ["a basic", "a full"]);
    assert.deepEqual(retried, ["a basic: refused"]);
  });
}

test("hands the event back for a minute when a message was alone under way at three breaks", async () => {
  const { handle, broker, published } = startBroker();
  const alone = new PublishError("offline", "the connection broke", { alone: true });
  const failures = [alone, offline(), alone, offline(), alone];
  broker.answer = ({ kind }) => (kind === "full" ? failures.shift() : undefined);
  assert.deepEqual(await handle(taskEvent({ id: "a" })), { kind: "later", delayMs: 60_000 });
  assert.deepEqual(published, ["a basic", "a full", "a full", "a full", "a full", "a full"]);
});

test("sends only what is missing of an event that it had handed back", async () => {
  const { handle, broker, published } = startBroker();
  const event = taskEvent({ id: "a" });
  broker.answer = ({ kind }) => (kind === "full" ? refused(0x87) : undefined);
  for (let times = 0; times < 3; times++) assert.equal((await handle(event)).kind, "later");
  assert.deepEqual(published, ["a basic", "a full", "a full", "a full"]);
  broker.answer = () => undefined;
  assert.deepEqual(await handle(event), { kind: "done" });
  assert.deepEqual(published.slice(4), ["a full"]);
});

test("sends all of an event again that comes again after it was done", async () => {
  const { handle, broker, published } = startBroker();
  const event = taskEvent({ id: "a" });
  broker.answer = ({ kind }) => (kind === "full" ? refused(0x87) : undefined);
  await handle(event);
  broker.answer = () => undefined;
  await handle(event);
  published.length = 0;
  await handle(event);
  assert.deepEqual(published, ["a basic", "a full"]);
});

test("keeps an event for what can still go out before it is given up for what cannot", async () => {
  const { handle, broker, acknowledged } = startBroker();
  const event = taskEvent({ id: "a" });
  broker.answer = ({ kind }) => refused(kind === "basic" ? 0x97 : 0x95);
  assert.deepEqual(await handle(event), { kind: "later", delayMs: 1_000 });
  broker.answer = ({ kind }) => (kind === "basic" ? undefined : refused(0x95));
  assert.deepEqual(await handle(event), { kind: "dead", reason: "packet-too-large" });
  assert.deepEqual(acknowledged, ["a basic of a"]);
});

test("does not remember more events than NATS leaves unacknowledged", async () => {
  const { handle, broker, published } = startBroker();
  broker.answer = ({ kind }) => (kind === "full" ? refused(0x87) : undefined);
  for (let index = 0; index <= 10_000; index++) await handle(taskEvent({ id: `e${index}` }));
  published.length = 0;
  for (const id of ["e1", "e0"]) await handle(taskEvent({ id }));
  assert.deepEqual(published, ["e1 full", "e0 basic", "e0 full"]);
});

test("hands the event back at once when it is to stop while the broker is away", async () => {
  const { handle, broker, waiting } = startBroker();
  broker.online = false;
  const stop = new AbortController();
  const outcome = handle(taskEvent(), stop.signal);
  await setImmediate();
  assert.equal(waiting(), 2);
  stop.abort(new Error("stopping"));
  assert.deepEqual(await outcome, { kind: "later", delayMs: 0 });
});

test("publishes nothing when it is to stop before it began", async () => {
  const { handle, published } = startBroker();
  assert.deepEqual(await handle(taskEvent(), AbortSignal.abort()), { kind: "later", delayMs: 0 });
  assert.deepEqual(published, []);
});

test("rejects on an error that is no answer of the broker", async () => {
  const { handle, broker } = startBroker();
  broker.answer = () => {
    throw new TypeError("a defect");
  };
  await assert.rejects(handle(taskEvent()), new TypeError("a defect"));
});

test("leaves deliveries as they came until there is room, and then takes them in their order", async () => {
  const { handle, broker, published, wake } = startBroker();
  broker.hasRoom = false;
  const outcomes = ["a", "b"].map((id) => handle(taskEvent({ id })));
  await setImmediate();
  assert.deepEqual(published, []);
  broker.hasRoom = true;
  wake();
  assert.deepEqual(await Promise.all(outcomes), [{ kind: "done" }, { kind: "done" }]);
  assert.deepEqual(published, ["a basic", "a full", "b basic", "b full"]);
});

test("hands back at once what waits for room when it is to stop", async () => {
  const { handle, broker, published, wake } = startBroker();
  broker.hasRoom = false;
  const stop = new AbortController();
  const outcomes = ["a", "b"].map((id) => handle(taskEvent({ id }), stop.signal));
  stop.abort();
  assert.deepEqual(await Promise.all(outcomes), Array(2).fill({ kind: "later", delayMs: 0 }));
  broker.hasRoom = true;
  wake();
  assert.deepEqual(published, []);
});
