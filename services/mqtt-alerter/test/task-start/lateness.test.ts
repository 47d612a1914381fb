import assert from "node:assert/strict";
import { test } from "node:test";
import { watchLateness } from "../../src/task-start/lateness.js";

test("a message is late after a standstill and after the broker was away, for ten seconds", (t) => {
  let nowMs = 0;
  const lateness = watchLateness(() => nowMs);
  t.after(lateness.close);
  nowMs = 900;
  assert.equal(lateness.now(), 0);
  nowMs = 8_900;
  assert.equal(lateness.now(), 8_000);
  lateness.wasAway(3_000);
  assert.equal(lateness.now(), 8_000);
  for (nowMs = 9_400; nowMs < 20_000; nowMs += 500) lateness.now();
  assert.equal(lateness.now(), 0);
  lateness.wasAway(60_000);
  assert.equal(lateness.now(), 60_000);
});
