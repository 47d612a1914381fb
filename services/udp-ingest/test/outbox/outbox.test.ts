import assert from "node:assert/strict";
import { test } from "node:test";
import { BusError } from "@sense-alerts/bus";
import { answersDealtWith, idsOf, outboxToMemory, stopClock } from "./outbox-to-memory.js";

const retryAfterMs = 500;

test("stores in the order of adding", async () => {
  const { add, stream, results, outbox } = outboxToMemory();
  const ids = idsOf(1_000);
  add(ids);
  assert.equal(await outbox.drained(new AbortController().signal), 0);
  assert.deepEqual(stream.stored, ids);
  assert.deepEqual(
    results,
    ids.map((id) => [id, "stored"]),
  );
  assert.deepEqual(outbox.size(), { events: 0, bytes: 0 });
});

test("counts what the stream had already as a duplicate", async () => {
  const { add, stream, results } = outboxToMemory();
  add(["a", "b", "a"]);
  await answersDealtWith();
  assert.deepEqual(stream.stored, ["a", "b"]);
  assert.deepEqual(results, [
    ["a", "stored"],
    ["b", "stored"],
    ["a", "duplicate"],
  ]);
});

test("sends at most 256 ahead of the acknowledgements, and the next as soon as one comes", async () => {
  const { add, stream } = outboxToMemory();
  stream.stall();
  add(idsOf(300));
  await answersDealtWith();
  assert.equal(stream.published.length, 256);
  stream.flow();
  await answersDealtWith();
  assert.deepEqual(stream.stored, idsOf(300));
  assert.equal(stream.mostOutstanding(), 256);
});

test("sends all that is not acknowledged again, in order and with the same ids, half a second after a failure", async (t) => {
  stopClock(t);
  const { add, stream, retries, results, outbox } = outboxToMemory();
  add(["a"]);
  stream.stall();
  add(["b", "c", "d"]);
  stream.breakOff();
  await answersDealtWith();
  assert.deepEqual(retries, ["disconnected", "disconnected", "disconnected"]);
  add(["e"]);
  stream.flow();
  t.mock.timers.tick(retryAfterMs - 1);
  await answersDealtWith();
  assert.deepEqual(stream.published, ["a", "b", "c", "d"]);
  assert.deepEqual(outbox.size(), { events: 4, bytes: 40 });
  t.mock.timers.tick(1);
  await answersDealtWith();
  assert.deepEqual(stream.published.slice(4), ["b", "c", "d", "e"]);
  assert.deepEqual(
    results,
    ["a", "b", "c", "d", "e"].map((id) => [id, "stored"]),
  );
});

test("lets the stream drop what it had stored without an answer", async (t) => {
  stopClock(t);
  const { add, stream, results } = outboxToMemory();
  stream.stall();
  add(["a", "b", "c"]);
  stream.breakOff(2);
  stream.flow();
  await answersDealtWith();
  t.mock.timers.tick(retryAfterMs);
  await answersDealtWith();
  assert.deepEqual(stream.stored, ["a", "b", "c"]);
  assert.deepEqual(results, [
    ["a", "duplicate"],
    ["b", "duplicate"],
    ["c", "stored"],
  ]);
});

test("sends again only what failed when others of its window are acknowledged", async (t) => {
  stopClock(t);
  const { add, stream, retries } = outboxToMemory();
  stream.refuse("no-ack", "b");
  stream.stall();
  add(["a", "b", "c"]);
  stream.flow();
  await answersDealtWith();
  t.mock.timers.tick(retryAfterMs);
  await answersDealtWith();
  assert.deepEqual(retries, ["no-ack", "no-ack"]);
  assert.deepEqual(stream.published, ["a", "b", "c", "b"]);
});

/** An outbox whose messages are answered one at a time by the test, each attempt by itself. */
function answeredByHand() {
  const sent: { readonly id: string; store(): void; fail(): void }[] = [];
  const memory = outboxToMemory({
    send: (message, onAnswer) => {
      sent.push({
        id: message.id,
        store: () => onAnswer(message, { sequence: 1, duplicate: false }),
        fail: () => onAnswer(message, new BusError("no-stream", "the leader moves")),
      });
    },
  });
  return { ...memory, sent, idsSent: () => sent.map(({ id }) => id) };
}

test("sends all that is not acknowledged half a second after the first failure, answered or not", (t) => {
  stopClock(t);
  const { add, sent, idsSent, results, outbox } = answeredByHand();
  add(["a", "b", "c"]);
  sent[1]?.fail();
  add(["d"]);
  sent[2]?.store();
  t.mock.timers.tick(retryAfterMs - 1);
  assert.deepEqual(idsSent(), ["a", "b", "c"], "nothing new until then");
  t.mock.timers.tick(1);
  assert.deepEqual(idsSent(), ["a", "b", "c", "a", "b", "d"]);
  for (const { store } of sent.slice(3)) store();
  assert.deepEqual(
    results.map(([id]) => id),
    ["c", "a", "b", "d"],
  );
  assert.equal(outbox.size().events, 0);
});

test("settles a message once that is answered late and again, and does not retry for a late failure", (t) => {
  stopClock(t);
  const { add, sent, idsSent, results, retries, outbox } = answeredByHand();
  add(["a", "b", "c"]);
  sent[0]?.fail();
  t.mock.timers.tick(retryAfterMs);
  sent[1]?.store();
  sent[2]?.fail();
  t.mock.timers.tick(retryAfterMs);
  for (const { store } of sent.slice(3)) store();
  assert.deepEqual(idsSent(), ["a", "b", "c", "a", "b", "c"]);
  assert.deepEqual([results.length, retries.length, outbox.size().events], [3, 2, 0]);
});

test("tries again every half second, for as long as it fails", async (t) => {
  stopClock(t);
  const { add, stream } = outboxToMemory();
  stream.breakOff();
  add(["a"]);
  for (let tries = 1; tries <= 50; tries++) {
    await answersDealtWith();
    assert.equal(stream.published.length, tries);
    t.mock.timers.tick(retryAfterMs);
  }
  stream.flow();
  await answersDealtWith();
  t.mock.timers.tick(retryAfterMs);
  await answersDealtWith();
  assert.deepEqual(stream.stored, ["a"]);
});

test("tries again at once when it is woken", async (t) => {
  stopClock(t);
  const { add, stream, outbox } = outboxToMemory();
  stream.breakOff();
  add(["a", "b"]);
  await answersDealtWith();
  stream.flow();
  outbox.wake();
  await answersDealtWith();
  assert.deepEqual(stream.stored, ["a", "b"]);
});

test("waits half a second from a failed wake on, not from the failure before", async (t) => {
  stopClock(t);
  const { add, stream, outbox } = outboxToMemory();
  stream.breakOff();
  add(["a"]);
  await answersDealtWith();
  t.mock.timers.tick(400);
  outbox.wake();
  await answersDealtWith();
  assert.equal(stream.published.length, 2);
  t.mock.timers.tick(retryAfterMs - 1);
  await answersDealtWith();
  assert.equal(stream.published.length, 2);
  t.mock.timers.tick(1);
  assert.equal(stream.published.length, 3);
});

test("drops what is too large for NATS, and the rest goes on without a pause", async (t) => {
  stopClock(t);
  const { add, stream, results, retries, outbox } = outboxToMemory();
  stream.refuse("too-large", "b");
  add(["a", "b", "c"]);
  await answersDealtWith();
  assert.deepEqual(stream.stored, ["a", "c"]);
  assert.deepEqual(
    results.filter(([id]) => id === "b"),
    [["b", "dropped-too-large"]],
  );
  assert.deepEqual(retries, []);
  assert.deepEqual(outbox.size(), { events: 0, bytes: 0 });
});

test("does not send again what was too large in a window that failed", async (t) => {
  stopClock(t);
  const { add, stream, outbox } = outboxToMemory();
  stream.refuse("too-large", "b");
  stream.refuse("refused", "a");
  add(["a", "b", "c"]);
  await answersDealtWith();
  t.mock.timers.tick(retryAfterMs);
  await answersDealtWith();
  assert.deepEqual(stream.published.filter((id) => id === "b").length, 1);
  assert.deepEqual(outbox.size(), { events: 1, bytes: 10 });
});

test("sends nothing any more once it has been given up", async () => {
  const { add, stream, outbox } = outboxToMemory();
  stream.breakOff();
  add(["a"]);
  assert.equal(await outbox.drained(AbortSignal.abort()), 1);
  add(["b"]);
  outbox.wake();
  assert.deepEqual(stream.published, ["a"]);
  assert.equal(outbox.size().events, 2);
});
