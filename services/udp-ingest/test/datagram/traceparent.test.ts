import assert from "node:assert/strict";
import { test } from "node:test";
import { isTraceparent, newTraceparent } from "../../src/datagram/traceparent.js";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";

test("makes sampled W3C trace contexts", () => {
  assert.match(newTraceparent(), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert(isTraceparent(newTraceparent()));
});

test("is new each time, trace and span alike", () => {
  const [, trace, span] = newTraceparent().split("-");
  const [, otherTrace, otherSpan] = newTraceparent().split("-");
  assert.notEqual(trace, otherTrace);
  assert.notEqual(span, otherSpan);
  assert.notEqual(trace?.slice(0, 16), span);
});

test("knows a trace context with any flags", () => {
  for (const flags of ["00", "01", "02", "ff"]) assert(isTraceparent(`00-${traceId}-${spanId}-${flags}`), flags);
});

test("takes nothing else for a trace context", () => {
  for (const text of [
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
    assert(!isTraceparent(text), text);
  }
});
