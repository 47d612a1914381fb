import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, startNats } from "@sense-alerts/test-kit";
import { AckPolicy } from "nats";
import { connectBeside, publishAll, startTestBus, texts, whenDown, whenUp } from "../fixtures/bus.js";
import { consumerAt, durable, startTestConsumer, whenNothingIsLeft } from "../fixtures/consumer.js";

test("makes the durable consumer as it is needed", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const { consumption } = startTestConsumer(t, bus);
  await whenUp(consumption);
  assert.equal(consumption.state().detail, durable);
  // Servers from 2.11 on add metadata of their own.
  const { opt_start_time, metadata: _, ...config } = (await consumerAt(server)).config ?? {};
  const sinceMs = Date.now() - Date.parse(String(opt_start_time));
  assert.ok(sinceMs >= 3_600_000 && sinceMs < 3_620_000, `starts ${sinceMs} ms ago`);
  assert.deepEqual(config, {
    durable_name: durable,
    name: durable,
    deliver_policy: "by_start_time",
    ack_policy: "explicit",
    ack_wait: 8_000_000_000,
    max_deliver: -1,
    max_waiting: 512,
    max_ack_pending: 10_000,
    replay_policy: "instant",
    num_replicas: 0,
  });
});

test("passes over what is too old when it makes the consumer, and says how many", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  const { manager } = await connectBeside(t, server.url);
  await publishAll(bus, texts("old", 20));
  const passedOver: number[] = [];
  const tooOld = async () => {
    const storedMs = performance.now();
    await eventually(() => assert.ok(performance.now() - storedMs > 1_500));
  };
  const options = { maxAgeMs: 1_500, onPassedOver: (messages: number) => void passedOver.push(messages) };
  await tooOld();
  await publishAll(bus, texts("new", 5));
  const consumer = startTestConsumer(t, bus, options);
  await whenNothingIsLeft(server);
  assert.deepEqual(consumer.takenTexts(), texts("new", 5));
  assert.deepEqual(passedOver, [20]);

  await tooOld();
  await manager.consumers.delete("SENSE_EVENTS", durable);
  await eventually(() => assert.deepEqual(passedOver, [20, 25]));
  await publishAll(bus, ["later"]);
  await whenNothingIsLeft(server);
  assert.deepEqual(consumer.takenTexts(), [...texts("new", 5), "later"]);
});

test("makes one consumer when several find none at once, and none of them fails", async (t) => {
  const server = await startNats(t);
  const buses = Array.from({ length: 4 }, () => startTestBus(t, server.url));
  for (const { bus } of buses) await whenUp(bus);
  const consumers = buses.map(({ bus }) => startTestConsumer(t, bus));
  for (const { consumption } of consumers) await whenUp(consumption);
  const lines = buses.flatMap((one) => one.lines);
  assert.equal(lines.filter(({ message }) => message === "consumer created").length, 1);
  assert.deepEqual(
    lines.filter(({ level }) => level !== "info"),
    [],
  );
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
      { ...facts, setting: "ack_wait", wanted: 8e9, live: 5e9 },
      { ...facts, setting: "max_deliver", wanted: -1, live: 20 },
      { ...facts, setting: "max_ack_pending", wanted: 10_000, live: 100 },
    ],
  );
  assert.equal((await consumerAt(server)).config?.["max_ack_pending"], 100);
});

test("reads through a durable consumer that accepts small and short requests only, and warns of it", async (t) => {
  const server = await startNats(t);
  const { bus, lines } = startTestBus(t, server.url);
  await whenUp(bus);
  const { manager } = await connectBeside(t, server.url);
  const narrow = { max_batch: 5, max_expires: 1.5e9, filter_subject: "sense.task.failed" };
  await manager.consumers.add("SENSE_EVENTS", { durable_name: durable, ack_policy: AckPolicy.Explicit, ...narrow });
  const consumer = startTestConsumer(t, bus, { maxInFlight: 64 });
  await publishAll(bus, texts("m", 50));
  await eventually(() => assert.equal(consumer.taken.length, 50));
  const warned = lines.filter(({ level }) => level === "warn").map(({ facts }) => facts["setting"]);
  for (const setting of Object.keys(narrow)) assert.ok(warned.includes(setting), `no warning of ${setting}`);
});

test("starts behind what an older durable consumer has acknowledged, so that an upgrade repeats nothing", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  await publishAll(bus, texts("m", 20));
  const before = startTestConsumer(t, bus, {
    durable: "older",
    wanted: () => 12 - before.taken.length,
    maxInFlight: 1,
  });
  await eventually(async () => assert.equal((await consumerAt(server, "older")).ack_floor.stream_seq, 12));
  await before.consumption.close(AbortSignal.timeout(2_000));
  const after = startTestConsumer(t, bus, { startAfter: "older", maxAgeMs: 1 });
  await eventually(() => assert.equal(after.taken.length, 8));
  assert.deepEqual(after.takenTexts(), texts("m", 20).slice(12));
});
