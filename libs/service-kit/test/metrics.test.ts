import assert from "node:assert/strict";
import { test } from "node:test";
import { createHealth } from "../src/health.js";
import { createMetrics } from "../src/index.js";
import { observeLinks } from "../src/link-metrics.js";

test("tells what runs and how the process fares", async () => {
  const text = await createMetrics("probe", { version: "1.2.3", revision: "abc" }).render();
  const info = `sensealerts_build_info{service="probe",version="1.2.3",revision="abc",node="${process.version}"} 1`;
  assert.ok(text.includes(`\n${info}\n`), text);
  assert.match(text, /^process_resident_memory_bytes \d/m);
});

test("tells the start of the process more closely than to a second: replicas start together", async () => {
  const text = await createMetrics("probe").render();
  assert.equal(Number(text.match(/^process_start_time_seconds (.+)$/m)?.[1]), performance.timeOrigin / 1_000);
});

test("renders counters, histograms and gauges that are read at the scrape", async () => {
  const metrics = createMetrics("probe");
  const rejected = metrics.counter({ name: "sensealerts_rejected_total", help: "Rejected", labelNames: ["reason"] });
  const seconds = metrics.histogram({ name: "sensealerts_wait_seconds", help: "Wait", buckets: [0.1, 1] });
  let depth = 3;
  metrics.gauge({ name: "sensealerts_depth", help: "Depth", collect: (gauge) => gauge.set(depth) });
  rejected.inc({ reason: "too-short" });
  seconds({})(0.5);
  const byKind = metrics.histogram({
    name: "sensealerts_age_seconds",
    help: "Age",
    labelNames: ["kind"],
    buckets: [1],
  });
  const observe = byKind({ kind: "full" });
  for (const value of [1, 1.5, 2]) observe(value);
  depth = 4;
  const text = await metrics.render();
  assert.match(text, /^sensealerts_rejected_total\{reason="too-short"\} 1$/m);
  assert.match(text, /^sensealerts_wait_seconds_bucket\{le="0\.1"\} 0$/m);
  assert.match(text, /^sensealerts_wait_seconds_bucket\{le="1"\} 1$/m);
  assert.match(text, /^sensealerts_depth 4$/m);
  assert.deepEqual(
    text.split("\n").filter((line) => line.includes("sensealerts_age_seconds")),
    [
      "# HELP sensealerts_age_seconds Age",
      "# TYPE sensealerts_age_seconds histogram",
      'sensealerts_age_seconds_bucket{le="1",kind="full"} 1',
      'sensealerts_age_seconds_bucket{le="+Inf",kind="full"} 3',
      'sensealerts_age_seconds_sum{kind="full"} 4.5',
      'sensealerts_age_seconds_count{kind="full"} 3',
    ],
  );
});

test("keeps each registry to itself, and refuses a name twice", async () => {
  const [one, other] = [createMetrics("one"), createMetrics("other")];
  one.counter({ name: "sensealerts_only_here_total", help: "Here" });
  assert.ok(!(await other.render()).includes("only_here"));
  assert.throws(() => one.counter({ name: "sensealerts_only_here_total", help: "Again" }), /already been registered/);
});

test("counts by addition in a tally, and shows its series from the moment they are asked for", async () => {
  const metrics = createMetrics("probe");
  const seriesOf = metrics.tally({ name: "sensealerts_results_total", help: "Results", labelNames: ["result"] });
  const [stored, dropped] = [seriesOf({ result: "stored" }), seriesOf({ result: "dropped" })];
  const shown = async () => (await metrics.render()).match(/(?<=^sensealerts_results_total)\S+ \d+$/gm);
  stored();
  stored(3);
  assert.deepEqual(await shown(), ['{result="stored"} 4', '{result="dropped"} 0']);
  dropped();
  assert.deepEqual(await shown(), ['{result="stored"} 4', '{result="dropped"} 1']);
});

test("has no gauge that is named like a counter", async () => {
  const text = await createMetrics("probe").render();
  assert.doesNotMatch(text, /^# TYPE \S+_total gauge$/m);
  assert.match(text, /^# TYPE nodejs_active_resources gauge$/m);
});

test("shows each link as its report does, at each scrape", async () => {
  const metrics = createMetrics("probe");
  const health = createHealth();
  let up = false;
  health.link("nats", { required: true, state: () => ({ up }) });
  observeLinks(metrics, "probe", health);
  const shown = async () => (await metrics.render()).match(/(?<=^sensealerts_link_up)\S+ \d$/gm);
  assert.deepEqual(await shown(), ['{service="probe",link="nats"} 0']);
  up = true;
  assert.deepEqual(await shown(), ['{service="probe",link="nats"} 1']);
});
