import assert from "node:assert/strict";
import { test } from "node:test";
import { spanClockMs } from "../../src/index.js";

test("keeps to the time of day within a millisecond, also when somebody sets the clock", (t) => {
  const { now } = Date;
  let setByMs = 0;
  t.mock.method(Date, "now", () => now() + setByMs);
  for (setByMs of [0, 3_600_000, -7_200_000]) {
    const before = Date.now();
    const fine = spanClockMs();
    assert.ok(fine >= before - 1 && fine <= Date.now() + 1, `${fine} at ${before}`);
  }
});

test("tells moments apart that are less than a millisecond apart", () => {
  const times = new Set(Array.from({ length: 100 }, spanClockMs));
  assert.ok(times.size > 10, `${times.size}`);
});
