import assert from "node:assert/strict";
import { test } from "node:test";
import { createMetrics } from "../src/index.js";

test("tells what runs and how the process fares", async () => {
  const text = await createMetrics("probe", { version: "1.2.3", revision: "abc" }).render();
  const info = `sensealerts_build_info{service="probe",version="1.2.3",revision="abc",node="${process.version}"} 1`;
  assert.ok(text.includes(`\n${info}\n`), text);
  assert.match(text, /^process_resident_memory_bytes \d/m);
});

test("renders counters, histograms and gauges that are read at the scrape", async () => {
  const metrics = createMetrics("probe");
  const rejected = metrics.counter({ name: "sensealerts_rejected_total", help: "Rejected", labelNames: ["reason"] });
  const seconds = metrics.histogram({ name: "sensealerts_wait_seconds", help: "Wait", buckets: [0.1, 1] });
  let depth = 3;
  metrics.gauge({ name: "sensealerts_depth", help: "Depth", collect: (gauge) => gauge.set(depth) });
  rejected.inc({ reason: "too-short" });
  seconds.observe(0.5);
  depth = 4;
  const text = await metrics.render();
  assert.match(text, /^sensealerts_rejected_total\{reason="too-short"\} 1$/m);
  assert.match(text, /^sensealerts_wait_seconds_bucket\{le="0\.1"\} 0$/m);
  assert.match(text, /^sensealerts_wait_seconds_bucket\{le="1"\} 1$/m);
  assert.match(text, /^sensealerts_depth 4$/m);
});

test("keeps each registry to itself, and refuses a name twice", async () => {
  const [one, other] = [createMetrics("one"), createMetrics("other")];
  one.counter({ name: "sensealerts_only_here_total", help: "Here" });
  assert.ok(!(await other.render()).includes("only_here"));
  assert.throws(() => one.counter({ name: "sensealerts_only_here_total", help: "Again" }), /already been registered/);
});
