import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { BusError } from "@sense-alerts/bus";
import { eventually } from "@sense-alerts/test-kit";
import { answersDealtWith, idsOf } from "../outbox-to-memory.js";
import { segmentsOf } from "./open-spool.js";
import { spooledToMemory } from "./spooled-to-memory.js";

test("writes nothing while NATS acknowledges at once", async (t) => {
  const memory = await spooledToMemory(t);
  for (let round = 0; round < 10; round++) {
    memory.add(idsOf(50, 1 + round * 50));
    await delay(5);
  }
  assert.deepEqual(memory.stream.stored, idsOf(500));
  assert.equal(memory.spool.last(), 0, "no event was ever written");
  assert.deepEqual(segmentsOf(memory.spool), []);
});

test("has on disk what NATS does not acknowledge, and a kill loses none of it", async (t) => {
  const memory = await spooledToMemory(t);
  memory.stream.breakOff();
  memory.add(idsOf(200));
  await memory.spooled(200);
  const next = await memory.kill();
  next.stream.flow();
  await next.empty();
  assert.deepEqual(next.stream.stored, idsOf(200));
  assert.deepEqual(segmentsOf(next.spool), []);
});

test("begins to write what NATS has not acknowledged 20 ms after it came, and not before", async (t) => {
  let nowMs = 1_000;
  t.mock.method(performance, "now", () => nowMs);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const pass = async (ms: number) => {
    nowMs += ms;
    t.mock.timers.tick(ms);
    await answersDealtWith();
  };
  let appends = 0;
  const memory = await spooledToMemory(t, { beforeAppend: async () => void appends++ });
  memory.stream.stall();
  memory.add(["a"]);
  await pass(15);
  memory.add(["b"]);
  await pass(4);
  assert.equal(appends, 0);
  await pass(1);
  assert.equal(appends, 1);
});

test("writes only what is not acknowledged", async (t) => {
  const memory = await spooledToMemory(t);
  memory.add(["a", "b"]);
  await answersDealtWith();
  memory.stream.stall();
  memory.add(["c", "d", "e"]);
  memory.stream.answerOne();
  await memory.spooled(2);
  assert.equal(memory.spool.last(), 2);
  const next = await memory.kill();
  next.stream.flow();
  await next.empty();
  assert.deepEqual(next.idsOf("stored").concat(next.idsOf("duplicate")), ["d", "e"]);
});

test("sends what an earlier process left before what comes now", async (t) => {
  const memory = await spooledToMemory(t);
  memory.stream.breakOff();
  memory.add(idsOf(3_000));
  await memory.spooled(3_000);
  const next = await memory.kill();
  next.stream.flow();
  next.add(idsOf(100, 3_001));
  assert.equal(next.outbox.size().events, 3_100);
  await next.empty();
  assert.deepEqual(next.stream.stored, idsOf(3_100));
  assert.equal(next.results.length, 3_100);
});

test("does not send again after a kill what was acknowledged a while before it", async (t) => {
  const memory = await spooledToMemory(t, { markEveryMs: 10 });
  memory.stream.stall();
  memory.add(idsOf(100));
  await memory.spooled(100);
  for (let answered = 0; answered < 40; answered++) memory.stream.answerOne();
  await memory.spooled(60);
  await eventually(async () => {
    const next = await memory.kill();
    assert.equal(next.spool.mark(), 40);
  });
});

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

test("sends on without a detour over the disk when there is room again before it is written", async (t) => {
  const memory = await spooledToMemory(t, { maxEvents: 10, spoolAfterMs: 60_000 });
  memory.stream.stall();
  memory.add(idsOf(25));
  assert.equal(memory.outbox.size().events, 25);
  memory.stream.flow();
  await eventually(() => assert.deepEqual(memory.stream.stored, idsOf(25)));
  assert.equal(memory.spool.last(), 0);
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

test("marks no event as settled that is behind one that failed at once when it came back from the spool", async (t) => {
  const answers: (() => void)[] = [];
  const memory = await spooledToMemory(t, { maxEvents: 10 });
  memory.stream.breakOff();
  await memory.addWithPauses(idsOf(60));
  await memory.spooled(60);
  const next = await memory.kill({
    send: (message, onAnswer) => {
      if (message.id === "m000001") onAnswer(message, new BusError("too-large", "larger than max_payload"));
      else answers.push(() => onAnswer(message, { sequence: 1, duplicate: false }));
    },
  });
  await eventually(() => assert(answers.length > 0));
  assert.deepEqual(next.idsOf("dropped-too-large"), ["m000001"]);
  assert.equal(next.spool.mark(), 1);
});

test("has what is left on disk when it is stopped, due or not, and says how much", async (t) => {
  const memory = await spooledToMemory(t, { spoolAfterMs: 60_000, maxEvents: 100 });
  memory.stream.breakOff();
  memory.add(idsOf(100));
  assert.equal(await memory.stop(), 0);
  assert.deepEqual(memory.kept, [100]);
  const next = await spooledToMemory(t, { dir: memory.spool.dir });
  await next.empty();
  assert.deepEqual(next.stream.stored, idsOf(100));
  assert.equal(await next.stop(), 0);
  assert.deepEqual(next.kept, []);
});

test("is drained when the last one is stored, in memory and in the spool, and leaves no file", async (t) => {
  const memory = await spooledToMemory(t, { maxEvents: 10 });
  memory.stream.breakOff();
  memory.add(idsOf(50));
  await memory.spooled(50);
  let isDrained = false;
  const draining = memory.outbox.drained(new AbortController().signal).then((left) => {
    isDrained = true;
    return left;
  });
  await delay(20);
  assert.equal(isDrained, false);
  memory.stream.flow();
  memory.outbox.wake();
  assert.equal(await draining, 0);
  assert.deepEqual(memory.stream.stored, idsOf(50));
  assert.deepEqual(segmentsOf(memory.spool), []);
});

test("drops what is too large for NATS, from the spool too", async (t) => {
  const memory = await spooledToMemory(t);
  memory.stream.stall();
  memory.stream.refuse("too-large", "b");
  memory.add(["a", "b", "c"]);
  await memory.spooled(3);
  memory.stream.flow();
  await memory.empty();
  assert.deepEqual(memory.idsOf("dropped-too-large"), ["b"]);
  assert.deepEqual(memory.stream.stored, ["a", "c"]);
});
