import assert from "node:assert/strict";
import { test } from "node:test";
import { newTraceparent } from "../../src/datagram/traceparent.js";

test("has the form of a sampled W3C trace context", () => {
  assert.match(newTraceparent(), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

test("is sampled in the share that is wanted, and else says that it is not", () => {
  const sampled = (share: number) =>
    Array.from({ length: 4_000 }, () => newTraceparent(share)).filter((text) => /-01$/.test(text));
  assert.deepEqual([sampled(0).length, sampled(1).length], [0, 4_000]);
  assert.match(newTraceparent(0), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  const quarter = sampled(0.25).length;
  assert.ok(quarter > 800 && quarter < 1_200, `${quarter} of 4000`);
});

test("is new each time, trace and span alike", () => {
  const [, trace, span] = newTraceparent().split("-");
  const [, otherTrace, otherSpan] = newTraceparent().split("-");
  assert.notEqual(trace, otherTrace);
  assert.notEqual(span, otherSpan);
  assert.notEqual(trace?.slice(0, 16), span);
});
