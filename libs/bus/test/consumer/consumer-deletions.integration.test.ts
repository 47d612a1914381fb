import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, type NatsServer, startNats } from "@sense-alerts/test-kit";
import { connectBeside, publishAll, startTestBus, texts, whenUp } from "../fixtures/bus.js";
import {
  consumerAt,
  doneSoon,
  durable,
  startHolding,
  startTestConsumer,
  whenEachWasHandledOnce,
  whenNothingIsLeft,
} from "../fixtures/consumer.js";

/** How many subscriptions the bus has; the connection beside it has one for its requests at most. */
async function subscriptionsAt(server: NatsServer): Promise<number> {
  const response = await fetch(`${server.monitorUrl}/connz`);
  const { connections } = (await response.json()) as { connections: { subscriptions: number }[] };
  return Math.max(...connections.map((connection) => connection.subscriptions));
}

test("makes the durable consumer anew that is deleted under load, and handles every message", async (t) => {
  const server = await startNats(t);
  const { bus, lines } = startTestBus(t, server.url);
  const { manager } = await connectBeside(t, server.url);
  const wanted = texts("m", 2_000);
  await whenUp(bus);
  await publishAll(bus, wanted);
  const consumer = startTestConsumer(t, bus, { maxInFlight: 16, handle: doneSoon });
  for (const deletedAt of [200, 1_000]) {
    await eventually(() => assert.ok(consumer.taken.length >= deletedAt), { intervalMs: 1 });
    assert.ok(consumer.taken.length < 2_000, "it was over before the consumer was deleted");
    await manager.consumers.delete("SENSE_EVENTS", durable);
  }
  await eventually(() => assert.equal(lines.filter((line) => line.message === "consumer created").length, 3));
  await whenNothingIsLeft(server, 30_000);
  await whenEachWasHandledOnce([consumer], wanted);
  await eventually(() => assert.equal(consumer.consumption.inFlight(), 0));
});

test("notices at the next acknowledgement that the durable consumer was deleted", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const { manager } = await connectBeside(t, server.url);
  const holding = startHolding();
  const consumer = startTestConsumer(t, bus, { maxInFlight: 1, handle: holding.handle });
  await whenUp(bus);
  await publishAll(bus, ["a", "b"]);
  await eventually(() => assert.deepEqual(holding.texts(), ["a"]));
  const before = await subscriptionsAt(server);
  await manager.consumers.delete("SENSE_EVENTS", durable);
  const startedMs = performance.now();
  holding.finish("a");
  await eventually(() => assert.deepEqual(holding.texts(), ["b"]), { timeoutMs: 4_000 });
  assert.ok(performance.now() - startedMs > 1_900, "made it anew while NATS could still be removing the files");
  await eventually(async () => assert.equal(await subscriptionsAt(server), before));
  holding.finish("b");
  await whenNothingIsLeft(server);
  assert.deepEqual(consumer.takenTexts(), ["a", "b"]);
});

test("notices within 10 s that the durable consumer was deleted while nothing was asked for or in hand", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const { manager } = await connectBeside(t, server.url);
  let wanted = false;
  const consumer = startTestConsumer(t, bus, { wanted: () => (wanted ? Number.POSITIVE_INFINITY : 0) });
  await whenUp(consumer.consumption);
  await manager.consumers.delete("SENSE_EVENTS", durable);
  await publishAll(bus, ["a"]);
  wanted = true;
  consumer.consumption.wake();
  await eventually(() => assert.deepEqual(consumer.takenTexts(), ["a"]), { timeoutMs: 10_000 });
  await whenNothingIsLeft(server);
});

test("has the stream made anew that was deleted under it, with nobody publishing", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const { manager } = await connectBeside(t, server.url);
  const consumer = startTestConsumer(t, bus);
  await whenUp(consumer.consumption);
  await manager.streams.delete("SENSE_EVENTS");
  await eventually(() => consumerAt(server));
  await whenUp(consumer.consumption);
  await publishAll(bus, ["a"]);
  await whenNothingIsLeft(server);
  assert.deepEqual(consumer.takenTexts(), ["a"]);
});

test("does not take an event of a new stream for the one of the same sequence that is still in hand", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const { manager } = await connectBeside(t, server.url);
  const holding = startHolding();
  const consumer = startTestConsumer(t, bus, { handle: holding.handle });
  await whenUp(bus);
  await publishAll(bus, ["old"]);
  await eventually(() => assert.deepEqual(holding.texts(), ["old"]));
  await manager.streams.delete("SENSE_EVENTS");
  await publishAll(bus, ["new"]);
  await eventually(() => assert.deepEqual(holding.texts(), ["old", "new"]));
  assert.deepEqual(
    consumer.taken.map(({ sequence }) => sequence),
    [1, 1],
  );
  holding.finish("old");
  holding.finish("new");
  await whenNothingIsLeft(server);
  await eventually(() => assert.equal(consumer.consumption.inFlight(), 0));
});
