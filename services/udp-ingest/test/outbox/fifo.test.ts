import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { Fifo } from "../../src/outbox/fifo.js";

type Step = { readonly do: "push" | "shift" | "put back"; readonly count: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ do: fc.constantFrom("push", "shift", "put back"), count: fc.nat({ max: 3_000 }) }),
  { maxLength: 20 },
);

test("behaves like an array with push, shift and unshift, whatever the order of the calls", () => {
  fc.assert(
    fc.property(steps, (given) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      let next = 0;
      for (const step of given) {
        const numbers = Array.from({ length: step.count }, () => next++);
        if (step.do === "push") for (const number of numbers) fifo.push(number);
        if (step.do === "push") model.push(...numbers);
        if (step.do === "put back") fifo.putBack(numbers);
        if (step.do === "put back") model.unshift(...numbers);
        if (step.do === "shift") {
          assert.deepEqual(
            numbers.map(() => fifo.shift()),
            numbers.map(() => model.shift()),
          );
        }
        assert.equal(fifo.length, model.length);
        assert.equal(fifo.peek(), model[0]);
      }
      assert.deepEqual(
        model.map(() => fifo.shift()),
        model,
      );
      assert.equal(fifo.shift(), undefined);
    }),
  );
});

test("stays empty when it is shifted too often", () => {
  const fifo = new Fifo<string>();
  assert.equal(fifo.shift(), undefined);
  assert.equal(fifo.length, 0);
  fifo.push("first");
  assert.deepEqual([fifo.shift(), fifo.shift(), fifo.length], ["first", undefined, 0]);
});

test("lets go of an item as soon as it is shifted", () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  const fifo = new Fifo<object>();
  const items = Array.from({ length: 10 }, () => {
    const item = { payload: Buffer.alloc(1_000) };
    fifo.push(item);
    return new WeakRef(item);
  });
  for (let shifted = 0; shifted < 5; shifted++) fifo.shift();

  return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    collectGarbage();
    const alive = items.map((item) => item.deref() !== undefined);
    assert.deepEqual(alive, [false, false, false, false, false, true, true, true, true, true]);
    assert.equal(fifo.length, 5);
  });
});
