import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { eventually, startNats } from "@sense-alerts/test-kit";
import { AckPolicy } from "nats";
import { connectBeside, message, publishAll, startTestBus, texts, whenDown, whenUp } from "./fixtures/bus.js";
import {
  consumerAt,
  done,
  durable,
  startHolding,
  startTestConsumer,
  textOf,
  whenEachWasHandledOnce,
  whenNothingIsLeft,
} from "./fixtures/consumer.js";

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

test("makes the durable consumer as it is needed", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const { consumption } = startTestConsumer(t, bus);
  await whenUp(consumption);
  assert.equal(consumption.state().detail, durable);
  const { config } = await consumerAt(server);
  assert.deepEqual(config, {
    durable_name: durable,
    name: durable,
    deliver_policy: "all",
    ack_policy: "explicit",
    ack_wait: 30_000_000_000,
    max_deliver: -1,
    max_waiting: 512,
    max_ack_pending: 10_000,
    replay_policy: "instant",
    num_replicas: 0,
  });
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
  assert.equal(consumption.inHand(), 3);
  holding.finish("b");
  await eventually(async () => assert.equal((await consumerAt(server)).num_ack_pending, 2));
  assert.equal(consumption.inHand(), 2);
  holding.finish("a");
  holding.finish("c");
  await whenNothingIsLeft(server);
  await eventually(() => assert.equal(consumption.inHand(), 0));
});

test("counts what is left in the stream", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  await publishAll(bus, texts("m", 10));
  const holding = startHolding();
  const { consumption } = startTestConsumer(t, bus, { maxInHand: 4, handle: holding.handle });
  await eventually(() => assert.equal(consumption.pending(), 6));
});

for (const maxInHand of [1, 7, 64]) {
  test(`never has more than ${maxInHand} in hand, and asks for no more`, async (t) => {
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
      maxInHand,
      handle: async ({ sequence }) => {
        most = Math.max(most, ++inWork);
        if (inWork === maxInHand) full();
        await wasFull;
        for (let turns = sequence % 5; turns > 0; turns--) await setImmediate();
        inWork--;
        return done;
      },
    });
    await whenNothingIsLeft(server, 30_000);
    await whenEachWasHandledOnce([consumer], wanted);
    assert.equal(most, maxInHand);
    // What is handed out beyond that comes back with a higher count.
    assert.ok(consumer.taken.every(({ deliveries }) => deliveries === 1));
  });
}

test("lets every handler listen to its signal without a warning from Node", async (t) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on("warning", onWarning);
  t.after(() => void process.off("warning", onWarning));
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const { consumption } = startTestConsumer(t, bus, {
    handle: (_, signal) => new Promise(() => signal.addEventListener("abort", () => {})),
  });
  await whenUp(bus);
  await publishAll(bus, texts("m", 50));
  await eventually(() => assert.equal(consumption.inHand(), 50));
  assert.deepEqual(warnings, []);
});

test("takes more as soon as there is room, with the rest of the window stuck", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  const wanted = texts("m", 100);
  await publishAll(bus, wanted);
  const stuck = new Set(texts("m", 31));
  const consumer = startTestConsumer(t, bus, {
    maxInHand: 32,
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
  const consumer = startTestConsumer(t, bus, { wanted: () => wanted });
  await whenUp(consumer.consumption);
  await publishAll(bus, texts("m", 10));
  // Its own question whether anything is wanted is asked at every turn: two of them have passed by then.
  let asked = 0;
  const before = wanted;
  const other = startTestConsumer(t, bus, { durable: "other", wanted: () => ++asked > 2 });
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

test("hands out again what is to be done later, after its delay and not before", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const at: number[] = [];
  const consumer = startTestConsumer(t, bus, {
    handle: async ({ deliveries }) => {
      at.push(performance.now());
      return deliveries < 3 ? { kind: "later", delayMs: 400 } : done;
    },
  });
  await whenUp(bus);
  await publishAll(bus, ["a"]);
  await eventually(() => assert.equal(consumer.consumption.inHand(), 0));
  await eventually(() => assert.equal(consumer.taken.length, 3));
  assert.deepEqual(
    consumer.taken.map(({ deliveries }) => deliveries),
    [1, 2, 3],
  );
  const [first = 0, second = 0, third = 0] = at;
  for (const waitedMs of [second - first, third - second]) {
    assert.ok(waitedMs >= 390 && waitedMs < 1_400, `waited ${waitedMs} ms`);
  }
  await whenNothingIsLeft(server);
});

test("hands out again at once what is to be done later without a delay", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const consumer = startTestConsumer(t, bus, {
    handle: async ({ deliveries }) => (deliveries === 1 ? { kind: "later", delayMs: 0 } : done),
  });
  await whenUp(bus);
  await publishAll(bus, ["a"]);
  await eventually(() => assert.equal(consumer.taken.length, 2), { timeoutMs: 1_000 });
  await whenNothingIsLeft(server);
});

for (const [how, handle] of [
  ["rejects", () => Promise.reject(new Error("no way"))],
  [
    "throws",
    () => {
      throw new Error("no way");
    },
  ],
] as const) {
  test(`hands out again what a handler ${how} over, and says so`, async (t) => {
    const server = await startNats(t);
    const { bus, lines } = startTestBus(t, server.url);
    const consumer = startTestConsumer(t, bus, {
      ackWaitMs: 500,
      handle: async (delivery) => (delivery.deliveries === 1 ? handle() : done),
    });
    await whenUp(bus);
    await publishAll(bus, ["a", "b"]);
    await eventually(() => assert.equal(consumer.taken.length, 4));
    await whenNothingIsLeft(server);
    assert.deepEqual(
      lines.filter((line) => line.level === "error").map((line) => [line.message, line.facts["sequence"]]),
      [
        ["handling an event failed", 1],
        ["handling an event failed", 2],
      ],
    );
  });
}

test("keeps what is held for longer than the ack wait from being handed out again", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const ackWaitMs = 3_000;
  const holding = startHolding();
  const consumer = startTestConsumer(t, bus, { ackWaitMs, handle: holding.handle });
  await whenUp(consumer.consumption);
  // Beside it, a consumer that says nothing of the message: NATS hands it out again after each ack wait.
  const { nats, manager } = await connectBeside(t, server.url);
  let silent = 0;
  nats.subscribe("silent", { callback: () => void silent++ });
  await manager.consumers.add("SENSE_EVENTS", {
    durable_name: "silent",
    deliver_subject: "silent",
    ack_policy: AckPolicy.Explicit,
    ack_wait: ackWaitMs * 1e6,
  });
  await publishAll(bus, ["a"]);
  await eventually(() => assert.equal(silent, 3), { timeoutMs: 15_000 });
  assert.equal((await consumerAt(server)).num_redelivered, 0);
  assert.equal(consumer.taken.length, 1);
  holding.finish("a");
  await whenNothingIsLeft(server);
});

test("shares the messages of one durable consumer between two services, none to both", async (t) => {
  const server = await startNats(t);
  const buses = [startTestBus(t, server.url).bus, startTestBus(t, server.url).bus];
  const consumers = buses.map((bus) =>
    startTestConsumer(t, bus, {
      maxInHand: 16,
      handle: async () => {
        await setImmediate();
        return done;
      },
    }),
  );
  for (const { consumption } of consumers) await whenUp(consumption);
  const wanted = texts("m", 1_000);
  await publishAll(buses[0] ?? assert.fail(), wanted);
  await whenNothingIsLeft(server);
  await whenEachWasHandledOnce(consumers, wanted);
  for (const { taken } of consumers) assert.ok(taken.length > 100, `only ${taken.length} went to one of them`);
});

test("refuses a durable consumer that is not a pull consumer with explicit acknowledgement, until it is removed", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  const { manager } = await connectBeside(t, server.url);
  await manager.consumers.add("SENSE_EVENTS", { durable_name: durable, ack_policy: AckPolicy.All });
  const { consumption } = startTestConsumer(t, bus);
  await whenDown(consumption, /not a pull consumer with explicit acknowledgement; .*nats consumer rm SENSE_EVENTS/);
  await manager.consumers.delete("SENSE_EVENTS", durable);
  await whenUp(consumption);
});

test("leaves a durable consumer that differs as it is, with one warning for each setting", async (t) => {
  const server = await startNats(t);
  const { bus, lines } = startTestBus(t, server.url);
  await whenUp(bus);
  const { manager } = await connectBeside(t, server.url);
  const differing = { ack_wait: 5e9, max_deliver: 20, max_ack_pending: 100 };
  await manager.consumers.add("SENSE_EVENTS", { durable_name: durable, ack_policy: AckPolicy.Explicit, ...differing });
  const { consumption } = startTestConsumer(t, bus);
  await whenUp(consumption);
  const facts = { stream: "SENSE_EVENTS", consumer: durable };
  assert.deepEqual(
    lines.filter((line) => line.level === "warn").map((line) => line.facts),
    [
      { ...facts, setting: "ack_wait", wanted: 30e9, live: 5e9 },
      { ...facts, setting: "max_deliver", wanted: -1, live: 20 },
      { ...facts, setting: "max_ack_pending", wanted: 10_000, live: 100 },
    ],
  );
  assert.equal((await consumerAt(server)).config?.["max_ack_pending"], 100);
});

test("says that a request was refused and asks again, at no more than its own pace", async (t) => {
  const server = await startNats(t);
  const { bus, lines } = startTestBus(t, server.url);
  await whenUp(bus);
  const { manager, nats } = await connectBeside(t, server.url);
  const narrow = { max_batch: 5 };
  await manager.consumers.add("SENSE_EVENTS", { durable_name: durable, ack_policy: AckPolicy.Explicit, ...narrow });
  let asked = 0;
  nats.subscribe("$JS.API.CONSUMER.MSG.NEXT.>", { callback: () => void asked++ });
  await nats.flush();
  startTestConsumer(t, bus, { maxInHand: 64 });
  const startedMs = performance.now();
  await eventually(() => assert.ok(asked >= 3));
  assert.ok(performance.now() - startedMs > 1_500, `asked ${asked} times in ${performance.now() - startedMs} ms`);
  const line = lines.find(({ message }) => message === "nats ended a request for events");
  assert.equal(line?.facts["reason"], "Exceeded MaxRequestBatch of 5");
});
