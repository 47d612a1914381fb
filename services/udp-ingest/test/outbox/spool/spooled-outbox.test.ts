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

test("sends on without a detour over the disk when there is room again before it is written", async (t) => {
  const memory = await spooledToMemory(t, { maxEvents: 10, spoolAfterMs: 60_000 });
  memory.stream.stall();
  memory.add(idsOf(25));
  assert.equal(memory.outbox.size().events, 25);
  memory.stream.flow();
  await eventually(() => assert.deepEqual(memory.stream.stored, idsOf(25)));
  assert.equal(memory.spool.last(), 0);
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
