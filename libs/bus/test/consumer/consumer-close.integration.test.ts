import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { eventually, type NatsServer, type Scope, startNats } from "@sense-alerts/test-kit";
import { publishAll, running, startTestBus, texts, whenDown, whenOnlyThisRuns, whenUp } from "../fixtures/bus.js";
import { consumerAt, done, startHolding, startTestConsumer, textOf, whenNothingIsLeft } from "../fixtures/consumer.js";

/** A consumer with the first `maxInFlight` of these in flight. */
async function startWithHandsFull(t: Scope, server: NatsServer, maxInFlight: number, wanted: readonly string[]) {
  const { bus } = startTestBus(t, server.url);
  const holding = startHolding();
  const signals: AbortSignal[] = [];
  const consumer = startTestConsumer(t, bus, {
    maxInFlight,
    handle: (delivery, signal) => {
      signals.push(signal);
      return holding.handle(delivery);
    },
  });
  await whenUp(bus);
  for (const text of wanted) await publishAll(bus, [text]);
  await eventually(() => assert.equal(holding.texts().length, Math.min(maxInFlight, wanted.length)));
  return { bus, consumer, holding, signals };
}

const neverHurry = new AbortController().signal;

test("waits for what is in hand, takes nothing more, and leaves nothing of it unacknowledged", async (t) => {
  const server = await startNats(t);
  const wanted = texts("m", 30);
  const { bus, consumer, holding, signals } = await startWithHandsFull(t, server, 10, wanted);
  let closed = false;
  const closing = consumer.consumption.close(neverHurry).then(() => {
    closed = true;
  });
  assert.deepEqual(consumer.consumption.state(), { up: false, detail: "closed" });
  for (const text of wanted.slice(0, 9)) holding.finish(text);
  await eventually(async () => assert.equal((await consumerAt(server)).num_ack_pending, 1));
  assert.equal(closed, false);
  holding.finish("m-10");
  await closing;
  assert.equal(consumer.consumption.inFlight(), 0);
  const { num_ack_pending, num_pending } = await consumerAt(server);
  assert.deepEqual({ num_ack_pending, num_pending }, { num_ack_pending: 0, num_pending: 20 });
  assert.deepEqual(consumer.takenTexts(), wanted.slice(0, 10));
  assert.ok(signals.every((signal) => signal.aborted));
  await publishAll(bus, ["after"]);
  assert.equal((await consumerAt(server)).num_pending, 21);
});

test("hands the rest back when it must hurry, so that another has all of it within 2 s", async (t) => {
  const server = await startNats(t);
  const wanted = texts("m", 30);
  const { consumer, holding, signals } = await startWithHandsFull(t, server, 10, wanted);
  const hurry = new AbortController();
  const closing = consumer.consumption.close(hurry.signal);
  for (const text of wanted.slice(0, 5)) holding.finish(text);
  await eventually(() => assert.equal(consumer.consumption.inFlight(), 5));
  assert.ok(signals.every((signal) => !signal.aborted));
  hurry.abort();
  await closing;
  assert.ok(signals.every((signal) => signal.aborted));
  const other = startTestConsumer(t, startTestBus(t, server.url).bus);
  await eventually(() => assert.equal(other.taken.length, 25), { timeoutMs: 2_000 });
  await whenNothingIsLeft(server);
  assert.deepEqual(other.takenTexts().sort(), wanted.slice(5).sort());
  const again = other.taken.filter(({ deliveries }) => deliveries === 2).map(textOf);
  assert.deepEqual(again.sort(), wanted.slice(5, 10).sort());
  assert.equal(consumer.taken.length, 10);
});

test("hands everything back at once when there is no time at all", async (t) => {
  const server = await startNats(t);
  const wanted = texts("m", 5);
  const { consumer } = await startWithHandsFull(t, server, 5, wanted);
  await consumer.consumption.close(AbortSignal.abort());
  const other = startTestConsumer(t, startTestBus(t, server.url).bus);
  await eventually(() => assert.equal(other.taken.length, 5), { timeoutMs: 2_000 });
});

test("says nothing more of what it has handed back when the handler is done with it later", async (t) => {
  const server = await startNats(t);
  const { bus, consumer, holding } = await startWithHandsFull(t, server, 1, ["a"]);
  await consumer.consumption.close(AbortSignal.abort());
  const holdingToo = startHolding();
  const other = startTestConsumer(t, startTestBus(t, server.url).bus, { handle: holdingToo.handle });
  await eventually(() => assert.deepEqual(holdingToo.texts(), ["a"]));
  holding.finish("a", { kind: "later", delayMs: 0 });
  await setImmediate();
  await publishAll(bus, ["b"]);
  await eventually(() => assert.deepEqual(holdingToo.texts(), ["a", "b"]));
  // Twice the one, once the other.
  assert.equal((await consumerAt(server)).delivered.consumer_seq, 3);
  assert.equal(other.taken.length, 2);
});

test("takes nothing of what is published while it waits for what is in hand", async (t) => {
  const server = await startNats(t);
  const { bus, consumer, holding } = await startWithHandsFull(t, server, 64, ["held"]);
  const closing = consumer.consumption.close(neverHurry);
  const wanted = texts("m", 50);
  await publishAll(bus, wanted);
  const other = startTestConsumer(t, startTestBus(t, server.url).bus);
  await eventually(() => assert.equal(other.taken.length, 50), { timeoutMs: 2_000 });
  assert.deepEqual(consumer.takenTexts(), ["held"]);
  assert.ok(other.taken.every(({ deliveries }) => deliveries === 1));
  holding.finish("held");
  await closing;
  await whenNothingIsLeft(server);
});

test("loses nothing when it is closed in the middle of a stream of messages", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const wanted = texts("m", 2_000);
  await whenUp(bus);
  await publishAll(bus, wanted);
  const closedOnes = [];
  for (let round = 1; round <= 5; round++) {
    const consumer = startTestConsumer(t, startTestBus(t, server.url).bus, { maxInFlight: 32 });
    await eventually(() => assert.ok(consumer.taken.length > 100), { intervalMs: 1 });
    await consumer.consumption.close(neverHurry);
    closedOnes.push(consumer);
  }
  const last = startTestConsumer(t, bus);
  // Well within the ack wait: whatever had been left without an answer would come later than that.
  await whenNothingIsLeft(server, 5_000);
  const handled = [...closedOnes, last].flatMap((consumer) => consumer.takenTexts());
  assert.deepEqual(handled.sort(), [...wanted].sort());
});

test("does not wait for ever for a server that is frozen", async (t) => {
  const server = await startNats(t);
  const { bus, consumer } = await startWithHandsFull(t, server, 5, texts("m", 5));
  server.suspend();
  const startedMs = performance.now();
  await consumer.consumption.close(AbortSignal.timeout(200));
  await bus.close();
  assert.ok(performance.now() - startedMs < 2_000, `took ${performance.now() - startedMs} ms`);
});

test("acknowledges what was finished while the server was away when it comes back during the wait", async (t) => {
  const server = await startNats(t);
  const { consumer, holding } = await startWithHandsFull(t, server, 5, texts("m", 5));
  // Not a crash: after one, NATS may no longer know that it has handed these out.
  await server.stop();
  await whenDown(consumer.consumption, /no connection/);
  const closing = consumer.consumption.close(neverHurry);
  for (const text of texts("m", 5)) holding.finish(text);
  await server.start();
  const startedMs = performance.now();
  await closing;
  assert.ok(performance.now() - startedMs < 3_000, `took ${performance.now() - startedMs} ms`);
  await whenNothingIsLeft(server);
});

test("leaves no timer and no socket behind", async (t) => {
  const server = await startNats(t);
  const before = running();
  const { bus } = startTestBus(t, server.url);
  const { consumption, taken } = startTestConsumer(t, bus, { handle: async () => done });
  await whenUp(bus);
  await publishAll(bus, texts("m", 20));
  await eventually(() => assert.equal(taken.length, 20));
  await consumption.close(neverHurry);
  await bus.close();
  await whenOnlyThisRuns(before);
});

test("lets a program end by itself after both were closed", async (t) => {
  const server = await startNats(t);
  const program = fileURLToPath(new URL("../fixtures/one-round.js", import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, server.url], { timeout: 10_000 });
  assert.deepEqual([stdout, stderr], ["closed\n", ""]);
});
