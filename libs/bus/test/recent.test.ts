import assert from "node:assert/strict";
import { test } from "node:test";
import { Recent } from "../src/recent.js";

test("remembers as many keys as its limit and forgets the oldest first", () => {
  const recent = new Recent(3);
  for (const key of ["a", "b", "c", "d"]) recent.add(key);
  assert.deepEqual(
    ["a", "b", "c", "d"].map((key) => recent.has(key)),
    [false, true, true, true],
  );
});

test("does not forget one key for another that is added twice", () => {
  const recent = new Recent(2);
  for (const key of ["a", "b", "b"]) recent.add(key);
  assert.deepEqual([recent.has("a"), recent.has("b")], [true, true]);
});
