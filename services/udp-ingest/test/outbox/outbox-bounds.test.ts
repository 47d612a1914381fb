import assert from "node:assert/strict";
import { test } from "node:test";
import { answersDealtWith, idsOf, outboxToMemory, stopClock } from "./outbox-to-memory.js";

test("keeps the newest when there are too many, and counts each of the oldest that it drops", async (t) => {
  stopClock(t);
  const { add, stream, results, outbox } = outboxToMemory({ maxEvents: 3 });
  stream.breakOff();
  add(["a"]);
  await answersDealtWith();
  add(["b", "c", "d", "e"]);
  assert.deepEqual(results, [
    ["a", "dropped-buffer-full"],
    ["b", "dropped-buffer-full"],
  ]);
  assert.deepEqual(outbox.size(), { events: 3, bytes: 30 });
  stream.flow();
  outbox.wake();
  await answersDealtWith();
  assert.deepEqual(stream.stored, ["c", "d", "e"]);
});

test("keeps the newest when they are too large together", async (t) => {
  stopClock(t);
  const { add, stream, results, outbox } = outboxToMemory({ maxBytes: 100 });
  stream.breakOff();
  add(["a"], 60);
  await answersDealtWith();
  add(["b"], 40);
  assert.deepEqual(results, []);
  add(["c"], 50);
  assert.deepEqual(results, [["a", "dropped-buffer-full"]]);
  assert.deepEqual(outbox.size(), { events: 2, bytes: 90 });
});

test("keeps the newest even when it is above the bound by itself", async (t) => {
  stopClock(t);
  const { add, stream, results, outbox } = outboxToMemory({ maxBytes: 100 });
  stream.breakOff();
  add(["a"]);
  await answersDealtWith();
  add(["b"], 1_000);
  assert.deepEqual(results, [["a", "dropped-buffer-full"]]);
  stream.flow();
  outbox.wake();
  await answersDealtWith();
  assert.deepEqual(stream.stored, ["b"]);
});

test("does not drop what is in flight, which may be stored, but what waits behind it", async () => {
  const { add, stream, results, outbox } = outboxToMemory({ maxEvents: 3 });
  stream.stall();
  add(["a", "b", "c", "d", "e", "f"]);
  assert.deepEqual(stream.published, ["a", "b", "c"]);
  assert.deepEqual(results, [
    ["d", "dropped-buffer-full"],
    ["e", "dropped-buffer-full"],
  ]);
  assert.deepEqual(outbox.size(), { events: 4, bytes: 40 });
  stream.flow();
  await answersDealtWith();
  assert.deepEqual(stream.stored, ["a", "b", "c", "f"]);
});

test("has no more bytes in flight than it may keep", async () => {
  const { add, stream, outbox } = outboxToMemory({ maxBytes: 100 });
  stream.stall();
  add(idsOf(20), 30);
  assert.deepEqual(stream.published, idsOf(3));
  assert.deepEqual(outbox.size(), { events: 4, bytes: 120 });
  stream.flow();
  await answersDealtWith();
  assert.deepEqual(stream.stored, [...idsOf(3), ...idsOf(1, 20)]);
});

test("is drained at once when it is empty, also after the time is over", async () => {
  const { outbox } = outboxToMemory();
  assert.equal(await outbox.drained(new AbortController().signal), 0);
  assert.equal(await outbox.drained(AbortSignal.abort()), 0);
});

test("is drained when the last one is stored, and not before", async () => {
  const { add, stream, outbox } = outboxToMemory();
  stream.stall();
  add(["a", "b"]);
  let drained: number | undefined;
  const draining = outbox.drained(new AbortController().signal).then((left) => {
    drained = left;
  });
  stream.answerOne();
  await answersDealtWith();
  assert.deepEqual(stream.stored, ["a"]);
  assert.equal(drained, undefined);
  stream.flow();
  await draining;
  assert.equal(drained, 0);
  assert.deepEqual(stream.stored, ["a", "b"]);
});

test("is drained when the last one is dropped as too large", async () => {
  const { add, stream, outbox } = outboxToMemory();
  stream.refuse("too-large", "a");
  add(["a"]);
  assert.equal(await outbox.drained(new AbortController().signal), 0);
});

test("goes on trying while it drains", async (t) => {
  stopClock(t);
  const { add, stream, outbox } = outboxToMemory();
  stream.breakOff();
  add(["a"]);
  await answersDealtWith();
  const draining = outbox.drained(new AbortController().signal);
  stream.flow();
  t.mock.timers.tick(500);
  assert.equal(await draining, 0);
});

test("gives up draining when told to hurry, says how many are left, and tries no more", async (t) => {
  stopClock(t);
  const { add, stream, outbox } = outboxToMemory();
  stream.breakOff();
  add(["a", "b", "c"]);
  await answersDealtWith();
  const hurry = new AbortController();
  const draining = outbox.drained(hurry.signal);
  hurry.abort();
  assert.equal(await draining, 3);
  assert.equal(await outbox.drained(hurry.signal), 3);
  const triesSoFar = stream.published.length;
  t.mock.timers.tick(60_000);
  await answersDealtWith();
  assert.equal(stream.published.length, triesSoFar);
});

test("tries no more either when the answers come only after it has given up", async (t) => {
  stopClock(t);
  const { add, stream, outbox } = outboxToMemory();
  stream.stall();
  add(["a", "b"]);
  assert.equal(await outbox.drained(AbortSignal.abort()), 2);
  stream.breakOff();
  await answersDealtWith();
  t.mock.timers.tick(60_000);
  await answersDealtWith();
  assert.deepEqual(stream.published, ["a", "b"]);
});
