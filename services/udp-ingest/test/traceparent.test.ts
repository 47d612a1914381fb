import assert from "node:assert/strict";
import { test } from "node:test";
import { newTraceparent } from "../src/traceparent.js";

test("has the form of a sampled W3C trace context", () => {
  assert.match(newTraceparent(), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

test("is new each time, trace and span alike", () => {
  const [, trace, span] = newTraceparent().split("-");
  const [, otherTrace, otherSpan] = newTraceparent().split("-");
  assert.notEqual(trace, otherTrace);
  assert.notEqual(span, otherSpan);
  assert.notEqual(trace?.slice(0, 16), span);
});
