import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, startNats } from "@sense-alerts/test-kit";
import {
  busErrorOf,
  connectBeside,
  message,
  publishAll,
  startTestBus,
  texts,
  whenDown,
  whenUp,
} from "../fixtures/bus.js";
import {
  consumerAt,
  doneSoon,
  durable,
  startHolding,
  startTestConsumer,
  whenEachWasHandledOnce,
  whenNothingIsLeft,
} from "../fixtures/consumer.js";

test("comes up when the server comes after it", async (t) => {
  const before = await startNats(t);
  await before.stop();
  const { bus } = startTestBus(t, before.url);
  const consumer = startTestConsumer(t, bus);
  await whenDown(bus, /nobody listens/);
  await whenDown(consumer.consumption, /not connected yet/);
  await before.start();
  await whenUp(consumer.consumption);
  await publishAll(bus, ["a"]);
  await whenNothingIsLeft(before);
  assert.deepEqual(consumer.takenTexts(), ["a"]);
});

test("handles each of 2,000 messages once, with the server crashing three times among them", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const wanted = texts("m", 2_000);
  await whenUp(bus);
  await publishAll(bus, wanted);
  const consumer = startTestConsumer(t, bus, { ackWaitMs: 3_000, maxInFlight: 32, handle: doneSoon });
  for (const crashAt of [300, 900, 1_500]) {
    await eventually(() => assert.ok(consumer.taken.length >= crashAt), { intervalMs: 1 });
    assert.ok(consumer.taken.length < 2_000, "it was over before the crash");
    await server.stop("SIGKILL");
    await whenDown(consumer.consumption, /no connection/);
    await server.start();
  }
  await whenNothingIsLeft(server, 60_000);
  await whenEachWasHandledOnce([consumer], wanted);
  await eventually(() => assert.equal(consumer.consumption.inFlight(), 0));
});

test("handles once what is in hand during a crash, and acknowledges it afterwards", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const holding = startHolding();
  const consumer = startTestConsumer(t, bus, { handle: holding.handle, ackWaitMs: 3_000 });
  const wanted = texts("m", 20);
  await whenUp(bus);
  await publishAll(bus, wanted);
  await eventually(() => assert.equal(holding.texts().length, 20));
  await server.stop("SIGKILL");
  await whenDown(consumer.consumption, /no connection/);
  for (const text of wanted.slice(0, 10)) holding.finish(text);
  await server.start();
  await whenUp(consumer.consumption);
  for (const text of wanted.slice(10)) holding.finish(text);
  await whenNothingIsLeft(server);
  await whenEachWasHandledOnce([consumer], wanted);
  await eventually(() => assert.equal(consumer.consumption.inFlight(), 0));
});

test("handles once what NATS hands out again while it is still in hand", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const { nats } = await connectBeside(t, server.url);
  const holding = startHolding();
  const consumer = startTestConsumer(t, bus, { handle: holding.handle });
  await whenUp(bus);
  await publishAll(bus, ["a"]);
  await eventually(() => assert.deepEqual(holding.texts(), ["a"]));
  // In the consumer's place: of the first delivery of the first message.
  nats.publish(`$JS.ACK.SENSE_EVENTS.${durable}.1.1.1.0.0`, "-NAK");
  await eventually(async () => assert.equal((await consumerAt(server)).num_redelivered, 1));
  await publishAll(bus, ["b"]);
  await eventually(() => assert.deepEqual(holding.texts(), ["a", "b"]));
  assert.equal(consumer.consumption.inFlight(), 2);
  holding.finish("a");
  holding.finish("b");
  await whenNothingIsLeft(server);
  assert.deepEqual(consumer.takenTexts(), ["a", "b"]);
});

test("does not handle again what was acknowledged just before a crash", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const holding = startHolding();
  const consumer = startTestConsumer(t, bus, { ackWaitMs: 3_000, handle: holding.handle });
  const wanted = texts("m", 50);
  await whenUp(bus);
  await publishAll(bus, wanted);
  await eventually(() => assert.equal(holding.texts().length, 50));
  // The server's own state on disk lags behind its confirmations: it hands some of these out again.
  for (const text of wanted) holding.finish(text);
  await eventually(() => assert.equal(consumer.consumption.inFlight(), 0), { intervalMs: 1 });
  await server.stop("SIGKILL");
  await server.start();
  await whenUp(consumer.consumption);
  await whenNothingIsLeft(server, 20_000);
  await whenEachWasHandledOnce([consumer], wanted);
});

test("goes on where it was after the server was frozen for some seconds", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const wanted = texts("m", 1_000);
  await whenUp(bus);
  await publishAll(bus, wanted);
  const consumer = startTestConsumer(t, bus, { maxInFlight: 16, handle: doneSoon });
  await eventually(() => assert.ok(consumer.taken.length >= 200), { intervalMs: 1 });
  server.suspend();
  await assert.rejects(bus.publish(message("while it is frozen")), busErrorOf("no-ack"));
  assert.ok(consumer.taken.length < 1_000, "it was over before the server was frozen");
  server.resume();
  await whenNothingIsLeft(server, 5_000);
  await whenEachWasHandledOnce([consumer], [...wanted, "while it is frozen"]);
});

test("is back within 5 s after the server was frozen for so long that the connection was given up", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const holding = startHolding();
  const consumer = startTestConsumer(t, bus, { handle: holding.handle });
  await whenUp(consumer.consumption);
  await publishAll(bus, ["before"]);
  await eventually(() => assert.deepEqual(holding.texts(), ["before"]));
  server.suspend();
  await whenDown(bus, /the connection broke/);
  await whenDown(consumer.consumption, /no connection/);
  holding.finish("before");
  server.resume();
  await whenUp(consumer.consumption, 5_000);
  await publishAll(bus, ["after"]);
  await eventually(() => assert.deepEqual(holding.texts(), ["after"]), { timeoutMs: 1_000 });
  holding.finish("after");
  await whenNothingIsLeft(server);
  assert.deepEqual(consumer.takenTexts(), ["before", "after"]);
});

test("keeps to its window when NATS still answers a request that was made before the connection broke", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const { nats } = await connectBeside(t, server.url);
  const asked: { reply: string; text: string }[] = [];
  nats.subscribe("$JS.API.CONSUMER.MSG.NEXT.>", {
    callback: (_, request) => void asked.push({ reply: request.reply ?? "", text: request.string() }),
  });
  await nats.flush();
  const holding = startHolding();
  const consumer = startTestConsumer(t, bus, { maxInFlight: 4, handle: holding.handle });
  await eventually(() => assert.equal(asked.length, 1));
  // A second request of ours under way in the server, as after a reconnect.
  const [first] = asked;
  assert.ok(first !== undefined);
  nats.publish(`$JS.API.CONSUMER.MSG.NEXT.SENSE_EVENTS.${durable}`, first.text, { reply: first.reply });
  await nats.flush();
  await publishAll(bus, texts("m", 10));
  await eventually(async () => assert.equal((await consumerAt(server)).num_waiting, 0));
  assert.equal(consumer.consumption.inFlight(), 4);
  for (let handled = 0; handled < 10; handled++) {
    const [next] = await eventually(() => {
      assert.ok(holding.texts().length > 0);
      return holding.texts();
    });
    assert.ok(next !== undefined);
    assert.ok(consumer.consumption.inFlight() <= 4);
    holding.finish(next);
  }
  await whenNothingIsLeft(server);
  await whenEachWasHandledOnce([consumer], texts("m", 10));
});
