import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { NumberMap } from "../src/number-map.js";

const keys = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.double({ min: 1.7e18, max: 1.7e18 + 100_000, noNaN: true }),
  fc.integer({ min: 0, max: 20 }).map((turn) => turn * 4_294_967_291),
);

test("does what a Map does", () => {
  const step = fc.record({ do: fc.constantFrom("set", "set", "delete"), key: keys });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const map = new NumberMap<object>();
      const model = new Map<number, object>();
      for (const { do: what, key } of steps) {
        const value = {};
        if (what === "set") {
          map.set(key, value);
          model.set(key, value);
        } else {
          map.delete(key);
          model.delete(key);
        }
        assert.equal(map.size, model.size);
        assert.equal(map.get(key), model.get(key));
      }
      for (const [key, value] of model) assert.equal(map.get(key), value);
      assert.deepEqual(new Set(map.values()), new Set(model.values()));
      map.clear();
      assert.deepEqual([map.size, map.values()], [0, []]);
    }),
  );
});
