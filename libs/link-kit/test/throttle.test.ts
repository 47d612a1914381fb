import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createThrottle } from "../src/index.js";

/** A throttle whose clock shows what each call says. */
function throttleFor(periodMs: number, maxKeys: number) {
  let nowMs = 0;
  const throttle = createThrottle(periodMs, maxKeys, () => nowMs);
  return {
    take: (key: string, atMs: number) => {
      nowMs = atMs;
      return throttle.take(key);
    },
  };
}

test("suppresses nothing because the clock of the day was set back", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
  const throttle = createThrottle(1, 10);
  assert.equal(throttle.take("empty"), 0);
  t.mock.timers.setTime(1_700_000_000_000);
  const startedMs = performance.now();
  while (performance.now() - startedMs < 2);
  assert.equal(throttle.take("empty"), 0);
});

test("lets the first through and suppresses the rest of the period", () => {
  const throttle = throttleFor(60_000, 10);
  assert.equal(throttle.take("too-short 10.0.0.5", 1_000), 0);
  assert.equal(throttle.take("too-short 10.0.0.5", 1_000), undefined);
  assert.equal(throttle.take("too-short 10.0.0.5", 60_999), undefined);
});

test("gives the next one how many were suppressed, and then counts from 0", () => {
  const throttle = throttleFor(60_000, 10);
  throttle.take("empty", 0);
  throttle.take("empty", 1);
  throttle.take("empty", 2);
  assert.equal(throttle.take("empty", 60_000), 2);
  assert.equal(throttle.take("empty", 119_999), undefined);
  assert.equal(throttle.take("empty", 120_000), 1);
  assert.equal(throttle.take("empty", 180_000), 0);
});

test("throttles each key separately", () => {
  const throttle = throttleFor(60_000, 10);
  assert.equal(throttle.take("empty 10.0.0.5", 0), 0);
  assert.equal(throttle.take("empty 10.0.0.6", 1), 0);
  assert.equal(throttle.take("too-short 10.0.0.5", 2), 0);
  assert.equal(throttle.take("empty 10.0.0.5", 3), undefined);
});

test("suppresses new keys while all remembered keys are within their period", () => {
  const throttle = throttleFor(60_000, 2);
  assert.equal(throttle.take("a", 0), 0);
  assert.equal(throttle.take("b", 10_000), 0);
  assert.equal(throttle.take("c", 59_999), undefined);
  assert.equal(throttle.take("c", 60_000), 0, "a has made room");
  assert.equal(throttle.take("d", 60_000), undefined, "b is within its period still");
  assert.equal(throttle.take("b", 60_000), undefined, "b is remembered");
});

test("reports again a key that it knows, although it is full", () => {
  const throttle = throttleFor(60_000, 2);
  throttle.take("a", 0);
  throttle.take("b", 50_000);
  throttle.take("b", 50_001);
  assert.equal(throttle.take("b", 110_000), 1);
});

test("does not forget one key for another that it knows", () => {
  const throttle = throttleFor(60_000, 2);
  throttle.take("a", 0);
  throttle.take("a", 1);
  throttle.take("b", 10);
  assert.equal(throttle.take("b", 60_010), 0);
  assert.equal(throttle.take("a", 60_020), 1);
});

test("lets at most maxKeys reports through in any one period, whoever sends", () => {
  const calls = fc.array(fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 40 })), { maxLength: 200 });
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 5 }), (given, maxKeys) => {
      const throttle = throttleFor(100, maxKeys);
      const reportedAtMs: number[] = [];
      let nowMs = 0;
      for (const [key, stepMs] of given) {
        nowMs += stepMs;
        if (throttle.take(String(key), nowMs) !== undefined) reportedAtMs.push(nowMs);
      }
      for (const fromMs of reportedAtMs) {
        const within = reportedAtMs.filter((atMs) => atMs >= fromMs && atMs < fromMs + 100);
        assert(within.length <= maxKeys, `${within.length} reports from ${fromMs} ms on`);
      }
      assert(given.length === 0 || reportedAtMs.length > 0);
    }),
  );
});

test("lets every key through again once it has been told to forget", () => {
  const throttle = createThrottle(60_000, 10);
  assert.deepEqual([throttle.passes("a"), throttle.passes("a")], [true, false]);
  throttle.forget();
  assert.equal(throttle.passes("a"), true);
});
