import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { InFlight } from "../../src/outbox/in-flight.js";

test("keeps what was added and not deleted, in its order, however long it goes on", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant("add" as const) },
    { weight: 3, arbitrary: fc.constant("delete the first" as const) },
    { weight: 1, arbitrary: fc.nat({ max: 20 }) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 300, maxLength: 2_000 }), (steps) => {
      const inFlight = new InFlight<{ readonly number: number }>();
      const model: { readonly number: number }[] = [];
      for (const [number, taken] of steps.entries()) {
        if (taken === "add") {
          const item = { number };
          inFlight.add(item);
          model.push(item);
        } else {
          const [item] = model.splice(taken === "delete the first" ? 0 : taken, 1);
          if (item !== undefined) inFlight.delete(item);
        }
        assert.equal(inFlight.size, model.length);
      }
      assert.deepEqual(inFlight.all(), model);
    }),
    { numRuns: 30 },
  );
});

test("takes no notice of what is not in flight, and is empty when cleared", () => {
  const inFlight = new InFlight<object>();
  inFlight.add({});
  inFlight.delete({});
  assert.equal(inFlight.size, 1);
  inFlight.clear();
  assert.deepEqual([inFlight.size, inFlight.all()], [0, []]);
});
