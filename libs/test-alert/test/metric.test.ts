import assert from "node:assert/strict";
import { test } from "node:test";
import { readMetric } from "../src/index.js";

const text = `# HELP rejected_total Datagrams that could not be read
# TYPE rejected_total counter
rejected_total{reason="too-short",source="a, \\"b\\" {c}\\n"} 2
rejected_total{reason="empty",source=""} 3
# TYPE unused_total counter
# TYPE buffered gauge
buffered 1.5e3
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.5"} 1
wait_seconds_count 4
`;

test("reads a metric without labels", () => {
  assert.equal(readMetric(text, "buffered"), 1500);
  assert.equal(readMetric(text, "wait_seconds_count"), 4);
});

test("adds up the series that have the labels given", () => {
  assert.equal(readMetric(text, "rejected_total"), 5);
  assert.equal(readMetric(text, "rejected_total", { reason: "empty" }), 3);
  assert.equal(readMetric(text, "rejected_total", { source: 'a, "b" {c}\n', reason: "too-short" }), 2);
});

test("reads 0 for a series that has not counted yet", () => {
  assert.equal(readMetric(text, "unused_total"), 0);
  assert.equal(readMetric(text, "rejected_total", { reason: "unknown-tag" }), 0);
  assert.equal(readMetric(text, "wait_seconds_sum"), 0);
});

test("refuses a metric that is not announced", () => {
  assert.throws(() => readMetric(text, "rejected"), /there is no metric rejected/);
});
