import assert from "node:assert/strict";
import { test } from "node:test";
import { createPace } from "../../src/socket/pace.js";

test("tells how many come in a millisecond, once its window has passed", () => {
  const pace = createPace(2);
  pace(0, 100);
  assert.equal(pace(10, 101), 0);
  assert.equal(pace(20, 102), 15);
  assert.equal(pace(100, 103), 15);
  assert.equal(pace(0, 104), 50);
});

test("falls to nothing when nothing comes", () => {
  const pace = createPace(1);
  pace(0, 0);
  assert.equal(pace(40, 1), 40);
  assert.equal(pace(0, 2), 0);
});

test("takes what comes at once after a pause for more than the pause would make of it", () => {
  const pace = createPace(1, 4);
  pace(0, 0);
  assert.equal(pace(200, 10_000), 50);
});
