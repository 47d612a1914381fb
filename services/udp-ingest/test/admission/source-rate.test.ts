import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createSourceRate } from "../../src/admission/source-rate.js";

const startMs = 1_700_000_000_000;

/** How many of `count` datagrams at one moment are let through. */
function taken(keepsRate: (address: string, nowMs: number) => boolean, address: string, nowMs: number, count: number) {
  return Array.from({ length: count }, () => keepsRate(address, nowMs)).filter(Boolean).length;
}

test("lets a source send its share and no more", () => {
  const keepsRate = createSourceRate(10);
  assert.equal(taken(keepsRate, "10.0.0.1", startMs, 50), 10);
  assert.equal(taken(keepsRate, "10.0.0.1", startMs + 500, 50), 5);
  assert.equal(taken(keepsRate, "10.0.0.1", startMs + 60_000, 50), 10);
});

test("one source's flood takes nothing from another's share", () => {
  const keepsRate = createSourceRate(10);
  taken(keepsRate, "10.0.0.1", startMs, 100_000);
  assert.equal(taken(keepsRate, "10.0.0.2", startMs, 10), 10);
});

test("invented sources share one share and push nobody out", () => {
  const keepsRate = createSourceRate(10, 3);
  for (const address of ["a", "b", "c"]) assert.equal(keepsRate(address, startMs), true);
  const invented = Array.from({ length: 1_000 }, (_, n) => keepsRate(`invented-${n}`, startMs)).filter(Boolean).length;
  assert.equal(invented, 10);
  assert.equal(taken(keepsRate, "a", startMs, 50), 9);
});

test("a source that has been quiet makes room for a new one", () => {
  const keepsRate = createSourceRate(10, 1);
  taken(keepsRate, "a", startMs, 50);
  assert.equal(taken(keepsRate, "b", startMs + 5_000, 50), 10);
  assert.equal(taken(keepsRate, "c", startMs + 5_000, 50), 10, "the common share");
  assert.equal(taken(keepsRate, "d", startMs + 5_000, 50), 0);
});

test("a clock that goes back gives nothing away and takes nothing", () => {
  const keepsRate = createSourceRate(10);
  assert.equal(taken(keepsRate, "a", startMs, 50), 10);
  assert.equal(taken(keepsRate, "a", startMs - 60_000, 50), 0);
});

test("over any time a source gets its rate and one share at the most", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.array(fc.integer({ min: 0, max: 2_000 })), (rate, pausesMs) => {
      const keepsRate = createSourceRate(rate);
      let nowMs = startMs;
      let through = keepsRate("a", nowMs) ? 1 : 0;
      for (const pauseMs of pausesMs) {
        nowMs += pauseMs;
        through += taken(keepsRate, "a", nowMs, 50);
      }
      assert.ok(through <= rate + ((nowMs - startMs) * rate) / 1000 + 1e-6);
    }),
  );
});
