import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createThrottle } from "../../src/admission/throttle.js";

test("lets the first through and holds back the rest of the period", () => {
  const throttle = createThrottle(60_000, 10);
  assert.equal(throttle.take("too-short 10.0.0.5", 1_000), 0);
  assert.equal(throttle.take("too-short 10.0.0.5", 1_000), undefined);
  assert.equal(throttle.take("too-short 10.0.0.5", 60_999), undefined);
});

test("tells the next one how many were held back, and counts from there anew", () => {
  const throttle = createThrottle(60_000, 10);
  throttle.take("empty", 0);
  throttle.take("empty", 1);
  throttle.take("empty", 2);
  assert.equal(throttle.take("empty", 60_000), 2);
  assert.equal(throttle.take("empty", 119_999), undefined);
  assert.equal(throttle.take("empty", 120_000), 1);
  assert.equal(throttle.take("empty", 180_000), 0);
});

test("holds back each key by itself", () => {
  const throttle = createThrottle(60_000, 10);
  assert.equal(throttle.take("empty 10.0.0.5", 0), 0);
  assert.equal(throttle.take("empty 10.0.0.6", 1), 0);
  assert.equal(throttle.take("too-short 10.0.0.5", 2), 0);
  assert.equal(throttle.take("empty 10.0.0.5", 3), undefined);
});

test("holds back new keys while all that it remembers are within their period", () => {
  const throttle = createThrottle(60_000, 2);
  assert.equal(throttle.take("a", 0), 0);
  assert.equal(throttle.take("b", 10_000), 0);
  assert.equal(throttle.take("c", 59_999), undefined);
  assert.equal(throttle.take("c", 60_000), 0, "a has made room");
  assert.equal(throttle.take("d", 60_000), undefined, "b is within its period still");
  assert.equal(throttle.take("b", 60_000), undefined, "b is remembered");
});

test("reports again a key that it knows, although it is full", () => {
  const throttle = createThrottle(60_000, 2);
  throttle.take("a", 0);
  throttle.take("b", 50_000);
  throttle.take("b", 50_001);
  assert.equal(throttle.take("b", 110_000), 1);
});

test("does not forget one key for another that it knows", () => {
  const throttle = createThrottle(60_000, 2);
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
      const throttle = createThrottle(100, maxKeys);
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
