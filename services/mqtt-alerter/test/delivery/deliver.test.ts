import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { composeFull } from "../../src/alerts/alert-messages.js";
import type { Plan } from "../../src/delivery/deliver.js";
import { mostParked } from "../../src/delivery/parking.js";
import { published } from "../../src/mqtt/publish-result.js";
import { refused, startLane, topics, untilAborted } from "../fixtures/broker.js";
import { engineEvent, statusEvent, taskEvent } from "../fixtures/events.js";

for (const lane of ["basic", "full"] as const) {
  test(`publishes one message per delivery in the lane for ${lane} messages`, async () => {
    const { handle, sent, acknowledged, outcomes } = startLane(lane);
    assert.deepEqual(await handle(taskEvent({ id: "a" })), { kind: "done" });
    assert.deepEqual([sent, acknowledged, outcomes], [[`a ${lane}`], [`a ${lane} of a`], ["done"]]);
  });
}

test("is not done before the broker has the message", async () => {
  const { handle, broker, outcomes } = startLane();
  let accept = () => {};
  broker.answer = () =>
    new Promise((resolve) => {
      accept = () => resolve(published);
    });
  const outcome = handle(taskEvent());
  await setImmediate();
  assert.deepEqual(outcomes, []);
  accept();
  assert.deepEqual(await outcome, { kind: "done" });
});

test("sends status messages in the basic lane only", async () => {
  const [basic, full] = [startLane("basic"), startLane("full")];
  for (const { handle } of [basic, full]) assert.deepEqual(await handle(statusEvent("start")), { kind: "done" });
  assert.deepEqual([basic.sent, full.sent], [["ingest.status:start status"], []]);
});

test("is done with an event that has no message", async () => {
  const { handle, sent } = startLane();
  assert.deepEqual(await handle(engineEvent()), { kind: "done" });
  assert.deepEqual(sent, []);
});

for (const [bytes, reason] of [
  ["no JSON", "not-json"],
  ["{}", "invalid-event"],
  ['{"type":"sense.task.queued"}', "unknown-type"],
] as const) {
  test(`makes one dead letter of what is ${reason}`, async () => {
    assert.deepEqual(await startLane("basic").handle(Buffer.from(bytes)), { kind: "dead", reason });
    assert.deepEqual(await startLane("full").handle(Buffer.from(bytes)), { kind: "done" });
  });
}

test("makes a dead letter of an event whose topic is too long", async () => {
  const { handle, sent } = startLane("basic", () => ({ ok: false, reason: "topic-too-long" }));
  assert.deepEqual(await handle(taskEvent()), { kind: "dead", reason: "topic-too-long" });
  assert.deepEqual(sent, []);
});

test("makes a dead letter of a message that the broker does not accept for good", async () => {
  const { handle, broker, notAccepted } = startLane();
  broker.answer = () => refused("topic-name-invalid");
  assert.deepEqual(await handle(taskEvent({ id: "a" })), { kind: "dead", reason: "topic-name-invalid" });
  assert.deepEqual(notAccepted, ["a basic: topic-name-invalid"]);
});

test("gives a delivery back until its topic is tried again", async () => {
  const { handle, broker } = startLane();
  broker.answer = () => refused("topic-refused", 1_234.5);
  assert.deepEqual(await handle(taskEvent()), { kind: "later", delayMs: 1_235 });
});

test("makes dead letters of deliveries beyond a tenth of what NATS leaves unacknowledged", async () => {
  const { handle, broker } = startLane();
  broker.answer = () => refused("no-answer", 60_000);
  const event = taskEvent();
  for (let sequence = 1; sequence <= mostParked; sequence++) {
    assert.equal((await handle(event, undefined, sequence)).kind, "later");
  }
  assert.deepEqual(await handle(event, undefined, mostParked + 1), { kind: "dead", reason: "no-answer" });
  // One that comes back has its place again.
  assert.equal((await handle(event, undefined, 1)).kind, "later");
});

test("sends less of a message that is too large, until the broker accepts it", async () => {
  const { handle, broker, sent } = startLane("full", (event): Plan => {
    const composed = composeFull(event, topics);
    assert(composed.ok && composed.message);
    const message = composed.message;
    const [half, least] = [
      { ...message, payload: "half" },
      { ...message, payload: "least" },
    ];
    return { ok: true, message: { ...message, smaller: () => ({ ...half, smaller: () => least }) } };
  });
  broker.answer = ({ payload }) => (payload === "least" ? published : refused("packet-too-large"));
  assert.deepEqual(await handle(taskEvent({ id: "a" })), { kind: "done" });
  assert.equal(sent.length, 3);
  broker.answer = () => refused("packet-too-large");
  assert.deepEqual(await handle(taskEvent()), { kind: "dead", reason: "packet-too-large" });
});

test("gives the event back for the time that its plan asks for", async () => {
  const { handle, sent } = startLane("full", async () => ({ ok: "later", delayMs: 7 }));
  assert.deepEqual(await handle(taskEvent()), { kind: "later", delayMs: 7 });
  assert.deepEqual(sent, []);
});

test("waits for a plan that is not there yet", async () => {
  const { handle, sent } = startLane("full", async (event) => composeFull(event, topics));
  assert.deepEqual(await handle(taskEvent({ id: "a" })), { kind: "done" });
  assert.deepEqual(sent, ["a full"]);
});

test("gives the event back at once when the service stops while the broker or the plan is awaited", async () => {
  const awaitsBroker = startLane();
  awaitsBroker.broker.answer = (_, signal) => untilAborted(signal);
  const awaitsPlan = startLane("full", () => new Promise(() => {}));
  const stop = new AbortController();
  const outcomes = [awaitsBroker, awaitsPlan].map(({ handle }) => handle(taskEvent(), stop.signal));
  await setImmediate();
  stop.abort(new Error("stopping"));
  assert.deepEqual(await Promise.all(outcomes), Array(2).fill({ kind: "later", delayMs: 0 }));
});

test("publishes nothing when the service stops before it began", async () => {
  const { handle, sent } = startLane();
  assert.deepEqual(await handle(taskEvent(), AbortSignal.abort()), { kind: "later", delayMs: 0 });
  assert.deepEqual(sent, []);
});

test("rejects on a defect", async () => {
  const { handle } = startLane("basic", () => {
    throw new TypeError("a defect");
  });
  await assert.rejects(handle(taskEvent()), new TypeError("a defect"));
});

test("leaves a replayed dead letter to the consumer that could not deliver the event", async () => {
  const [basic, full] = [startLane("basic"), startLane("full")];
  const replayed = taskEvent({ id: "a", consumer: "mqtt-alerter-full" });
  for (const { handle } of [basic, full]) assert.deepEqual(await handle(replayed), { kind: "done" });
  assert.deepEqual([basic.sent, full.sent], [[], ["a full"]]);
});
