import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, startNats } from "@sense-alerts/test-kit";
import { connectBeside, message, publishAll, startTestBus, stored, texts, whenUp } from "../fixtures/bus.js";
import { done, durable, startTestConsumer, textOf, whenNothingIsLeft } from "../fixtures/consumer.js";

const dead = { kind: "dead", reason: "not-json" } as const;

test("copies a dead event to the dead letters exactly once, and is done with it", async (t) => {
  const server = await startNats(t);
  const { bus, lines } = startTestBus(t, server.url);
  const consumer = startTestConsumer(t, bus, {
    handle: async (delivery) => (textOf(delivery) === "m-2" ? dead : done),
  });
  await whenUp(bus);
  for (const text of texts("m", 3)) await publishAll(bus, [text]);
  await eventually(() => assert.equal(consumer.taken.length, 3));
  await whenNothingIsLeft(server);
  const { manager } = await connectBeside(t, server.url);
  assert.deepEqual(await stored(manager, "SENSE_DEAD_LETTERS"), ["m-2"]);
  const letter = await manager.streams.getMessage("SENSE_DEAD_LETTERS", { seq: 1 });
  assert.equal(letter.subject, "sense.dead-letter");
  assert.deepEqual(
    ["Sense-Reason", "Sense-Subject", "Sense-Sequence", "Sense-Deliveries"].map((name) => letter.header.get(name)),
    ["not-json", "sense.task.failed", "2", "1"],
  );
  assert.deepEqual(await stored(manager), texts("m", 3));
  assert.equal(consumer.taken.length, 3);
  const errors = lines.filter((line) => line.level === "error");
  assert.deepEqual(
    errors.map((line) => line.facts),
    [{ reason: "not-json", subject: "sense.task.failed", sequence: 2, traceparent: undefined }],
  );
});

test("keeps a dead event in hand until its dead letter can be stored", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const { manager } = await connectBeside(t, server.url);
  const { consumption } = startTestConsumer(t, bus, { handle: async () => dead });
  await whenUp(consumption);
  await manager.streams.update("SENSE_DEAD_LETTERS", { subjects: ["nothing"] });
  await publishAll(bus, ["a"]);
  await eventually(() =>
    assert.match(bus.state().detail, /SENSE_DEAD_LETTERS exists but does not take sense\.dead-letter/),
  );
  assert.equal(consumption.inFlight(), 1);
  await manager.streams.update("SENSE_DEAD_LETTERS", { subjects: ["sense.dead-letter"] });
  await whenNothingIsLeft(server, 20_000);
  assert.deepEqual(await stored(manager, "SENSE_DEAD_LETTERS"), ["a"]);
});

test("stores the beginning of a dead event, and its size, when the whole is more than NATS takes with the headers", async (t) => {
  const server = await startNats(t, { config: "max_payload: 4096" });
  const { bus } = startTestBus(t, server.url);
  startTestConsumer(t, bus, { handle: async () => dead });
  await whenUp(bus);
  const event = "x".repeat(4_000);
  await bus.publish(message("large", { payload: Buffer.from(event) }));
  await whenNothingIsLeft(server);
  const { manager } = await connectBeside(t, server.url);
  assert.deepEqual(await stored(manager, "SENSE_DEAD_LETTERS"), [event.slice(0, 1_024)]);
  const letter = await manager.streams.getMessage("SENSE_DEAD_LETTERS", { seq: 1 });
  assert.deepEqual(
    ["Sense-Reason", "Sense-Sequence", "Sense-Payload-Bytes"].map((name) => letter.header.get(name)),
    ["not-json", "1", "4000"],
  );
});

test("stores a dead letter without its event in a stream that takes hardly more than the headers", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const { manager } = await connectBeside(t, server.url);
  startTestConsumer(t, bus, { handle: async () => dead });
  await whenUp(bus);
  await manager.streams.update("SENSE_DEAD_LETTERS", { max_msg_size: 500 });
  await bus.publish(message("large", { payload: Buffer.alloc(4_000) }));
  await whenNothingIsLeft(server);
  const letter = await manager.streams.getMessage("SENSE_DEAD_LETTERS", { seq: 1 });
  assert.deepEqual([letter.data.length, letter.header.get("Sense-Payload-Bytes")], [0, "4000"]);
});

test("makes a dead letter of an event that the handler fails over at the third delivery", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const reasons: string[] = [];
  const consumer = startTestConsumer(t, bus, {
    ackWaitMs: 300,
    onDeadLetter: (reason) => reasons.push(reason),
    handle: (delivery) => (textOf(delivery) === "b" ? Promise.reject(new Error("no way")) : Promise.resolve(done)),
  });
  await whenUp(bus);
  await publishAll(bus, ["a", "b", "c"]);
  await eventually(() => assert.equal(consumer.taken.length, 5));
  await whenNothingIsLeft(server);
  const { manager } = await connectBeside(t, server.url);
  assert.deepEqual(await stored(manager, "SENSE_DEAD_LETTERS"), ["b"]);
  const { header } = await manager.streams.getMessage("SENSE_DEAD_LETTERS", { seq: 1 });
  assert.deepEqual([header.get("Sense-Reason"), header.get("Sense-Deliveries")], ["handling-failed", "3"]);
  assert.deepEqual(reasons, ["handling-failed"]);
});

test("stores one dead letter of an event that is handed out again to another service", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const { manager } = await connectBeside(t, server.url);
  const first = startTestConsumer(t, bus, { handle: async () => dead });
  await whenUp(bus);
  await publishAll(bus, ["a"]);
  await eventually(() => assert.equal(first.taken.length, 1));
  await whenNothingIsLeft(server);
  await first.consumption.close(AbortSignal.abort());
  await manager.consumers.delete("SENSE_EVENTS", durable);
  const second = startTestConsumer(t, startTestBus(t, server.url).bus, { handle: async () => dead });
  await eventually(() => assert.equal(second.taken.length, 1));
  await whenNothingIsLeft(server);
  assert.deepEqual(await stored(manager, "SENSE_DEAD_LETTERS"), ["a"]);
});

test("stores each dead letter once with a crash of the server among them", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const consumer = startTestConsumer(t, bus, { handle: async () => dead, ackWaitMs: 3_000 });
  await whenUp(consumer.consumption);
  const wanted = texts("m", 200);
  await publishAll(bus, wanted);
  await eventually(async () => assert.ok(((await server.stream("SENSE_DEAD_LETTERS"))?.state.messages ?? 0) > 0), {
    intervalMs: 1,
  });
  await server.stop("SIGKILL");
  await server.start();
  await whenUp(consumer.consumption);
  await whenNothingIsLeft(server, 20_000);
  const { manager } = await connectBeside(t, server.url);
  assert.deepEqual((await stored(manager, "SENSE_DEAD_LETTERS")).sort(), [...wanted].sort());
});
