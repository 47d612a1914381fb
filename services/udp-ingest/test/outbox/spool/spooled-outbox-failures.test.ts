import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cleanUpAfter, eventually, tempDir } from "@sense-alerts/test-kit";
import { answersDealtWith, idsOf } from "../outbox-to-memory.js";
import { lose } from "./lose.js";
import { segmentsOf } from "./open-spool.js";
import { spooledToMemory } from "./spooled-to-memory.js";

test("goes on in memory while the disk fails, within its bounds, and writes all that is left when it works again", async (t) => {
  const dir = join(tempDir(t), "spool");
  const memory = await spooledToMemory(t, { dir, maxEvents: 50 });
  memory.stream.breakOff();
  const bringBack = lose(dir);
  memory.add(idsOf(30));
  await eventually(() => assert.equal(memory.diskErrors.length, 1));
  memory.add(idsOf(70, 31));
  assert.deepEqual(memory.outbox.size(), { events: 50, bytes: 500 });
  assert.deepEqual(memory.idsOf("dropped-buffer-full"), idsOf(50));
  assert.deepEqual(memory.outbox.spooled(), { events: 0, bytes: 0 });
  bringBack();
  await memory.spooled(50);
  assert.equal(memory.recoveries(), 1);
  const next = await memory.kill();
  next.stream.flow();
  await next.empty();
  assert.deepEqual(next.stream.stored, idsOf(50, 51));
});

test("keeps what is in the spool alone while the disk fails, and the order", async (t) => {
  const dir = join(tempDir(t), "spool");
  const memory = await spooledToMemory(t, { dir, maxEvents: 50 });
  memory.stream.breakOff();
  await memory.addWithPauses(idsOf(200));
  await memory.spooled(200);
  const bringBack = lose(dir);
  // The segment that is open could still be written to; this asks for another.
  memory.add(["m000201"], 130_000);
  memory.add(idsOf(20, 202));
  await eventually(() => assert(memory.diskErrors.length > 0));
  memory.add(idsOf(10, 222));
  assert.equal(memory.outbox.size().events + memory.results.length, 231);
  bringBack();
  memory.stream.flow();
  memory.outbox.wake();
  await memory.empty();
  const dropped = memory.idsOf("dropped-buffer-full");
  assert.deepEqual(dropped, idsOf(dropped.length));
  assert.deepEqual(memory.stream.stored, idsOf(231 - dropped.length, dropped.length + 1));
});

test("keeps within its bounds, but for one read of the socket, for a disk that is too slow", async (t) => {
  let writeOn = () => {};
  const slow = new Promise<void>((resolve) => {
    writeOn = resolve;
  });
  cleanUpAfter(t, writeOn);
  const maxBytes = 8_000_000;
  const memory = await spooledToMemory(t, { maxBytes, beforeAppend: () => slow, spoolMaxBytes: 1e9 });
  const { outbox } = memory;
  memory.stream.breakOff();
  for (const id of idsOf(80)) {
    memory.add([id], 1_000_000);
    // A failed send is in flight until the retry: one at a time, so that the oldest can be dropped.
    await answersDealtWith();
    assert(outbox.size().bytes <= maxBytes + 4 * 1024 * 1024);
    assert(outbox.hasRoomFor(0, 0) || outbox.makesRoom(), "whoever adds is to pause");
  }
  assert(outbox.size().bytes > maxBytes);
  const hungMs = performance.now() + 6_000;
  t.mock.method(performance, "now", () => hungMs);
  memory.add(["m000081"], 1_000_000);
  assert(outbox.size().bytes <= maxBytes, "a disk that hangs makes no room");
  assert.equal(outbox.makesRoom(), false);
  const dropped = memory.idsOf("dropped-buffer-full");
  assert.deepEqual(dropped, idsOf(dropped.length));
  assert(outbox.size().bytes > maxBytes - 1_000_001, "and drops no more than it must");
  t.mock.restoreAll();
  writeOn();
  memory.stream.flow();
  outbox.wake();
  await memory.empty();
  assert.deepEqual(memory.stream.stored, idsOf(81 - dropped.length, dropped.length + 1));
});

test("writes on while the disk takes its time over a sync, and is synced when it is stopped", async (t) => {
  let goOn = () => {};
  const slow = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  cleanUpAfter(t, goOn);
  const memory = await spooledToMemory(t, { beforeSync: () => slow });
  memory.stream.breakOff();
  for (let round = 0; round < 3; round++) {
    memory.add(idsOf(10, 1 + round * 10));
    await memory.spooled(10 + round * 10);
  }
  const next = await memory.kill({ beforeSync: async () => undefined });
  assert.equal(next.outbox.size().events, 30);
  const stopped = memory.stop();
  goOn();
  await stopped;
  assert(memory.spool.isSynced());
});

test("counts what it cannot read back, and sends the rest", async (t) => {
  const memory = await spooledToMemory(t, { maxEvents: 5 });
  memory.stream.breakOff();
  await memory.addWithPauses(idsOf(40), 10_000);
  await memory.spooled(40);
  const next = await memory.kill();
  assert.equal(next.outbox.size().events, 40);
  await next.stop();
  const [first] = segmentsOf(next.spool);
  assert(first !== undefined);
  truncateSync(first, 20_000);
  const third = await next.kill();
  third.stream.flow();
  await third.empty();
  const torn = third.torn.reduce((sum, events) => sum + events, 0);
  assert.deepEqual(third.stream.stored.length + torn, 40);
  assert.deepEqual(third.stream.stored, ["m000001", ...idsOf(39 - torn, torn + 2)]);
});

test("says how many are lost when it is stopped and cannot write", async (t) => {
  const dir = join(tempDir(t), "spool");
  const memory = await spooledToMemory(t, { dir });
  memory.stream.breakOff();
  memory.add(idsOf(30));
  lose(dir);
  assert.equal(await memory.stop(), 30);
  assert.deepEqual(memory.kept, []);
});
