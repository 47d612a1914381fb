import assert from "node:assert/strict";
import { test } from "node:test";
import { createRecentKeys } from "../../src/consumer/recent-keys.js";

test("knows the keys added last, and forgets the oldest first", () => {
  const keys = createRecentKeys(3);
  for (const key of ["a", "b", "c", "b", "d"]) keys.add(key);
  assert.deepEqual(
    ["a", "b", "c", "d"].map((key) => keys.has(key)),
    [false, true, true, true],
  );
});
