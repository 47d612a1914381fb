import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { backoff, backoffMs } from "../src/index.js";

test("doubles up to the most and starts again after a success", () => {
  const waits = backoff({ minMs: 100, maxMs: 350, random: () => 1 });
  assert.deepEqual([waits.next(), waits.next(), waits.next(), waits.next()], [100, 200, 350, 350]);
  waits.reset();
  assert.equal(waits.next(), 100);
});

test("spreads each wait over the upper half below its ceiling", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
      const waits = backoff({ minMs: 100, maxMs: 400, random: () => random });
      for (const ceiling of [100, 200, 400, 400]) {
        const wait = waits.next();
        assert.ok(wait >= ceiling / 2 && wait <= ceiling, `${wait} of ${ceiling}`);
      }
    }),
  );
});

test("draws from real chance when none is given", () => {
  const first = new Set(Array.from({ length: 20 }, () => backoff({ minMs: 100, maxMs: 400 }).next()));
  assert.ok(first.size > 1);
});

test("stays at the longest wait after very many attempts", () => {
  assert.equal(backoffMs(100_000, { minMs: 250, maxMs: 5_000, random: () => 1 }), 5_000);
});
