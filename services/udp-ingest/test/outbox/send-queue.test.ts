import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SendQueue } from "../../src/outbox/send-queue.js";

test("sends in the order of adding, and again what is not settled", () => {
  const queue = new SendQueue<string>();
  for (const item of ["a", "b", "c"]) queue.push(item);
  assert.deepEqual([queue.send(), queue.send()], ["a", "b"]);
  assert.equal(queue.settle("a"), true);
  assert.equal(queue.settle("a"), false);
  assert.equal(queue.settle("c"), false, "it was never sent");
  assert.deepEqual([queue.inFlight, queue.waiting], [1, 1]);
  queue.rewind();
  assert.deepEqual([queue.inFlight, queue.waiting, queue.peek()], [0, 2, "b"]);
  assert.equal(queue.settle("b"), true, "an answer may come after it waits again");
  assert.deepEqual([queue.send(), queue.send()], ["c", undefined]);
});

test("drops the oldest that waits, and none in flight", () => {
  const queue = new SendQueue<string>();
  for (const item of ["a", "b", "c"]) queue.push(item);
  queue.send();
  assert.equal(queue.drop(), "b");
  assert.deepEqual([queue.inFlight, queue.waiting], [1, 1]);
  queue.rewind();
  assert.deepEqual([queue.drop(), queue.drop(), queue.drop()], ["a", "c", undefined]);
});

type Model = { inFlight: number[]; waiting: number[]; sent: Set<number> };

test("does what two lists would do, however things come and go", () => {
  const step = fc.record({
    do: fc.constantFrom("push", "push", "send", "send", "settle", "settle", "drop", "rewind"),
    times: fc.integer({ min: 1, max: 400 }),
    which: fc.nat({ max: 400 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new SendQueue<number>();
      let { inFlight, waiting, sent }: Model = { inFlight: [], waiting: [], sent: new Set() };
      let pushed = 0;
      for (const { do: what, times, which } of steps) {
        if (what === "rewind") {
          queue.rewind();
          waiting = [...inFlight, ...waiting];
          inFlight = [];
        }
        for (let time = 0; time < times && what !== "rewind"; time++) {
          if (what === "push") {
            queue.push(++pushed);
            waiting.push(pushed);
          }
          if (what === "send") {
            const next = waiting.shift();
            assert.equal(queue.send(), next);
            if (next !== undefined) inFlight.push(next);
            if (next !== undefined) sent.add(next);
          }
          if (what === "drop") assert.equal(queue.drop(), waiting.shift());
          if (what === "settle") {
            const item = inFlight[which % Math.max(1, inFlight.length)] ?? waiting[which] ?? pushed;
            const isThere = sent.has(item) && (inFlight.includes(item) || waiting.includes(item));
            assert.equal(queue.settle(item), isThere);
            if (!isThere) continue;
            inFlight = inFlight.filter((one) => one !== item);
            waiting = waiting.filter((one) => one !== item);
          }
        }
        assert.deepEqual([queue.inFlight, queue.waiting, queue.peek()], [inFlight.length, waiting.length, waiting[0]]);
      }
    }),
    { numRuns: 100 },
  );
});
