import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@sense-alerts/test-kit";
import { idsOf } from "../outbox-to-memory.js";
import { spooledToMemory } from "./spooled-to-memory.js";

test("takes more than memory may hold, drops nothing, and keeps the order", async (t) => {
  const memory = await spooledToMemory(t, { maxEvents: 100 });
  memory.stream.breakOff();
  for (let first = 1; first < 3_000; first += 300) {
    await memory.addWithPauses(idsOf(300, first));
    await memory.spooled(first + 299);
    assert.deepEqual(memory.outbox.size(), { events: first + 299, bytes: 500 });
  }
  memory.stream.flow();
  memory.outbox.wake();
  await memory.addWithPauses(idsOf(500, 3_001));
  await memory.empty();
  assert.deepEqual(memory.stream.stored, idsOf(3_500));
  assert.deepEqual(memory.idsOf("stored"), idsOf(3_500));
});

test("counts bytes, too, when it looks for room in memory", async (t) => {
  const memory = await spooledToMemory(t, { maxBytes: 2_000 });
  memory.stream.breakOff();
  await memory.addWithPauses(idsOf(50), 300);
  await memory.spooled(50);
  assert.deepEqual(memory.outbox.size(), { events: 50, bytes: 1_200 });
  memory.stream.flow();
  memory.outbox.wake();
  await memory.empty();
  assert.deepEqual(memory.stream.stored, idsOf(50));
});

test("drops the oldest segment when the spool is full, from memory too, and counts each event of it", async (t) => {
  const memory = await spooledToMemory(t);
  memory.stream.breakOff();
  memory.add(["m000000"], 10_000);
  await memory.spooled(1);
  for (const id of idsOf(300)) {
    memory.add([id], 10_000);
    if (id.endsWith("0")) await eventually(() => assert(memory.spool.last() >= Number(id.slice(1))));
  }
  await eventually(() => assert.equal(memory.spool.last(), 301));
  const dropped = memory.idsOf("dropped-spool-full");
  const all = ["m000000", ...idsOf(300)];
  assert(dropped.length > 150);
  assert.deepEqual(dropped, all.slice(0, dropped.length), "the oldest, in order");
  assert.deepEqual(memory.outbox.size().events, 301 - dropped.length);
  assert.deepEqual(memory.outbox.spooled().events, 301 - dropped.length);
  assert(memory.outbox.spooled().bytes <= 1_048_576);
  memory.stream.flow();
  memory.outbox.wake();
  await memory.empty();
  assert.deepEqual(memory.stream.stored, all.slice(dropped.length));
});

test("drops what is in the spool alone just so", async (t) => {
  const memory = await spooledToMemory(t, { maxEvents: 5 });
  memory.stream.breakOff();
  for (let first = 1; first < 300; first += 10) {
    memory.add(idsOf(10, first), 10_000);
    await eventually(() => assert.equal(memory.spool.last(), first + 9));
  }
  const dropped = memory.idsOf("dropped-spool-full");
  assert(dropped.length > 150);
  assert.deepEqual(dropped, idsOf(dropped.length));
  assert.equal(memory.outbox.size().events, 300 - dropped.length);
  const next = await memory.kill();
  next.stream.flow();
  await next.empty();
  assert.deepEqual(next.stream.stored, idsOf(300 - dropped.length, dropped.length + 1));
});

test("does not drop for a full spool what is in flight, since it may be stored", async (t) => {
  const memory = await spooledToMemory(t);
  memory.stream.stall();
  memory.add(["m000000"], 10_000);
  await memory.spooled(1);
  for (let first = 1; first < 400; first += 20) {
    memory.add(idsOf(20, first), 10_000);
    await eventually(() => assert.equal(memory.spool.last(), first + 20));
  }
  const dropped = memory.idsOf("dropped-spool-full");
  memory.stream.flow();
  await memory.empty();
  const all = ["m000000", ...idsOf(400)];
  assert.deepEqual(memory.stream.stored.slice(0, 256), all.slice(0, 256));
  assert.deepEqual(memory.stream.stored.concat(dropped).toSorted(), all);
  assert.equal(memory.results.length, all.length);
});

test("keeps half of its memory for what waits to be written, and pauses whoever adds when that is full", async (t) => {
  const memory = await spooledToMemory(t, { maxEvents: 100, spoolAfterMs: 60_000 });
  const { outbox } = memory;
  memory.stream.breakOff();
  memory.add(idsOf(50));
  assert.deepEqual([outbox.makesRoom(), outbox.hasRoomFor(50, 0), outbox.hasRoomFor(51, 0)], [false, true, false]);
  memory.add(idsOf(49, 51));
  assert.deepEqual([outbox.makesRoom(), outbox.hasRoomFor(1, 0), memory.spool.last()], [true, true, 0]);
  memory.add(["m000100"]);
  assert.equal(outbox.hasRoomFor(1, 0), false);
  await memory.spooled(100);
  assert.deepEqual([outbox.makesRoom(), outbox.hasRoomFor(50, 0), outbox.hasRoomFor(51, 0)], [false, true, false]);
});
