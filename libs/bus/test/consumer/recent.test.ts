import assert from "node:assert/strict";
import { test } from "node:test";
import { Recent } from "../../src/consumer/recent.js";

test("remembers the last sequences, and forgets one for the one that is its limit later", () => {
  const recent = new Recent(3);
  for (const sequence of [1, 2, 3, 4]) recent.add(sequence, 100);
  assert.deepEqual(
    [1, 2, 3, 4].map((sequence) => recent.has(sequence, 100)),
    [false, true, true, true],
  );
});

test("tells a message from the one of the same sequence in a stream that was made anew", () => {
  const recent = new Recent(3);
  recent.add(1, 100);
  assert.deepEqual([recent.has(1, 100), recent.has(1, 356)], [true, false]);
});

test("knows nothing at first", () => {
  assert.equal(new Recent(3).has(3, 0), false);
});
