import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, startNats } from "@sense-alerts/test-kit";
import { AckPolicy } from "nats";
import { connectBeside, publishAll, startTestBus, texts, whenUp } from "../fixtures/bus.js";
import { consumerAt, done, startHolding, startTestConsumer, whenNothingIsLeft } from "../fixtures/consumer.js";

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
  await eventually(() => assert.equal(consumption.inFlight(), 50));
  assert.deepEqual(warnings, []);
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
  await eventually(() => assert.equal(consumer.consumption.inFlight(), 0));
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
