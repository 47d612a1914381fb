import assert from "node:assert/strict";
import { test } from "node:test";
import { newSpanId, readTraceparent } from "../../src/index.js";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";

test("reads the ids of a trace context, and the sampled bit of its flags", () => {
  for (const [flags, sampled] of [
    ["00", false],
    ["01", true],
    ["02", false],
    ["ff", true],
  ] as const) {
    assert.deepEqual(readTraceparent(`00-${traceId}-${spanId}-${flags}`), { traceId, spanId, sampled });
  }
});

test("takes nothing else for a trace context", () => {
  for (const text of [
    undefined,
    "",
    `00-${traceId}-${spanId}`,
    `01-${traceId}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    ` 00-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01\n`,
  ]) {
    assert.equal(readTraceparent(text), undefined, text);
  }
});

test("makes span ids of sixteen hexadecimal digits, each time another", () => {
  assert.match(newSpanId(), /^[0-9a-f]{16}$/);
  assert.notEqual(newSpanId(), newSpanId());
});
