import assert from "node:assert/strict";
import { test } from "node:test";
import { createAllowance } from "../../src/qrs/allowance.js";

test("gives each key so many at once, and then one after each refill", () => {
  const clock = { nowMs: 0 };
  const take = createAllowance({ atOnce: 2, refillMs: 1_000, mostKeys: 10, nowMs: () => clock.nowMs });
  const taken = (key: string, count: number) => Array.from({ length: count }, () => take(key)).filter(Boolean).length;
  assert.deepEqual([taken("a", 5), taken("b", 1)], [2, 1]);
  clock.nowMs = 999;
  assert.equal(taken("a", 1), 0);
  clock.nowMs = 1_000;
  assert.equal(taken("a", 5), 1);
  clock.nowMs = 100_000;
  assert.equal(taken("a", 5), 2);
});

test("forgets the key that was not used for the longest time", () => {
  const take = createAllowance({ atOnce: 1, refillMs: 1_000, mostKeys: 2, nowMs: () => 0 });
  assert.deepEqual(["a", "b", "b", "a", "c", "b"].map(take), [true, true, false, false, true, true]);
});
