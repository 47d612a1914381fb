import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { eventually, startNats } from "@sense-alerts/test-kit";
import { connectBeside, message, publishAll, startTestBus, texts, whenUp } from "../fixtures/bus.js";
import {
  consumerAt,
  done,
  doneSoon,
  startHolding,
  startTestConsumer,
  textOf,
  whenEachWasHandledOnce,
  whenNothingIsLeft,
} from "../fixtures/consumer.js";

test("hands out what is in the stream already and what comes later, in order, with what is known of each", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  const [first, later] = [texts("first", 500), texts("later", 500)];
  for (const text of first) await bus.publish(message(text));
  const consumer = startTestConsumer(t, bus);
  await whenUp(consumer.consumption);
  for (const text of later) await bus.publish(message(text));
  await whenNothingIsLeft(server);
  assert.deepEqual(consumer.takenTexts(), [...first, ...later]);
  assert.deepEqual(
    consumer.taken.map(({ sequence, deliveries, subject }) => ({ sequence, deliveries, subject })),
    consumer.taken.map((_, index) => ({ sequence: index + 1, deliveries: 1, subject: "sense.task.failed" })),
  );
});

test("acknowledges when the handler is done and not before", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const holding = startHolding();
  const { consumption } = startTestConsumer(t, bus, { handle: holding.handle });
  await whenUp(bus);
  await publishAll(bus, ["a", "b", "c"]);
  await eventually(() => assert.equal(holding.texts().length, 3));
  assert.equal((await consumerAt(server)).num_ack_pending, 3);
  assert.equal(consumption.inFlight(), 3);
  holding.finish("b");
  await eventually(async () => assert.equal((await consumerAt(server)).num_ack_pending, 2));
  assert.equal(consumption.inFlight(), 2);
  holding.finish("a");
  holding.finish("c");
  await whenNothingIsLeft(server);
  await eventually(() => assert.equal(consumption.inFlight(), 0));
});

test("counts what is left in the stream", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  await publishAll(bus, texts("m", 10));
  const holding = startHolding();
  const { consumption } = startTestConsumer(t, bus, { maxInFlight: 4, handle: holding.handle });
  await eventually(() => assert.equal(consumption.pending(), 6));
});

for (const maxInFlight of [1, 7, 64]) {
  test(`never has more than ${maxInFlight} in hand, and asks for no more`, async (t) => {
    const server = await startNats(t);
    const { bus } = startTestBus(t, server.url);
    await whenUp(bus);
    const wanted = texts("m", 1_000);
    await publishAll(bus, wanted);
    let inWork = 0;
    let most = 0;
    let full = () => {};
    const wasFull = new Promise<void>((resolve) => {
      full = resolve;
    });
    const consumer = startTestConsumer(t, bus, {
      maxInFlight,
      handle: async ({ sequence }) => {
        most = Math.max(most, ++inWork);
        if (inWork === maxInFlight) full();
        await wasFull;
        for (let turns = sequence % 5; turns > 0; turns--) await setImmediate();
        inWork--;
        return done;
      },
    });
    await whenNothingIsLeft(server, 30_000);
    await whenEachWasHandledOnce([consumer], wanted);
    assert.equal(most, maxInFlight);
    // What is handed out beyond that comes back with a higher count.
    assert.ok(consumer.taken.every(({ deliveries }) => deliveries === 1));
  });
}

test("takes more as soon as there is room, with the rest of the window stuck", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  const wanted = texts("m", 100);
  await publishAll(bus, wanted);
  const stuck = new Set(texts("m", 31));
  const consumer = startTestConsumer(t, bus, {
    maxInFlight: 32,
    handle: (delivery) => (stuck.has(textOf(delivery)) ? new Promise(() => {}) : Promise.resolve(done)),
  });
  await eventually(() => assert.equal(consumer.taken.length, 100), { timeoutMs: 5_000 });
});

test("keeps listening while nothing comes for longer than a request lasts", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const consumer = startTestConsumer(t, bus);
  await whenUp(consumer.consumption);
  const waiting = async () => (await consumerAt(server)).num_waiting;
  await eventually(async () => assert.equal(await waiting(), 1));
  const { nats } = await connectBeside(t, server.url);
  const askedAt: number[] = [];
  nats.subscribe("$JS.API.CONSUMER.MSG.NEXT.>", { callback: () => void askedAt.push(performance.now()) });
  await eventually(() => assert.equal(askedAt.length, 2), { timeoutMs: 15_000 });
  const [first = 0, second = 0] = askedAt;
  assert.ok(second - first < 5_500, `asked again only after ${second - first} ms`);
  assert.equal(await waiting(), 1);
  await publishAll(bus, ["a"]);
  await whenNothingIsLeft(server, 500);
  assert.deepEqual(consumer.takenTexts(), ["a"]);
});

test("takes nothing while nothing is wanted, and goes on when woken", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  let wanted = false;
  const consumer = startTestConsumer(t, bus, { wanted: () => (wanted ? Number.POSITIVE_INFINITY : 0) });
  await whenUp(consumer.consumption);
  await publishAll(bus, texts("m", 10));
  // Its own question whether anything is wanted is asked at every turn: two of them have passed by then.
  let asked = 0;
  const before = wanted;
  const other = startTestConsumer(t, bus, {
    durable: "other",
    wanted: () => (++asked > 2 ? Number.POSITIVE_INFINITY : 0),
  });
  await eventually(() => assert.equal(other.taken.length, 10));
  assert.equal(before, false);
  const { num_waiting, num_pending } = await consumerAt(server);
  assert.deepEqual({ num_waiting, num_pending }, { num_waiting: 0, num_pending: 10 });
  assert.deepEqual(consumer.taken, []);
  wanted = true;
  consumer.consumption.wake();
  await whenNothingIsLeft(server, 500);
  assert.equal(consumer.taken.length, 10);
});

test("shares the messages of one durable consumer between two services, none to both", async (t) => {
  const server = await startNats(t);
  const buses = [startTestBus(t, server.url).bus, startTestBus(t, server.url).bus];
  const consumers = buses.map((bus) =>
    startTestConsumer(t, bus, {
      maxInFlight: 16,
      handle: doneSoon,
    }),
  );
  for (const { consumption } of consumers) await whenUp(consumption);
  const wanted = texts("m", 1_000);
  await publishAll(buses[0] ?? assert.fail(), wanted);
  await whenNothingIsLeft(server);
  await whenEachWasHandledOnce(consumers, wanted);
  for (const { taken } of consumers) assert.ok(taken.length > 100, `only ${taken.length} went to one of them`);
});
