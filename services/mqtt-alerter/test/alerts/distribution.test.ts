import assert from "node:assert/strict";
import { test } from "node:test";
import { endedAs, followPauseMs } from "../../src/alerts/distribution.js";

test("knows what a distribution ended as, and follows what has not ended or says nothing", () => {
  assert.equal(endedAs("FinishedSuccess"), "sense.task.succeeded");
  assert.equal(endedAs("FinishedFail"), "sense.task.failed");
  assert.equal(endedAs("Error"), "sense.task.failed");
  assert.equal(endedAs("Aborted"), "sense.task.aborted");
  const others = ["Triggered", "Started", "Queued", "AbortInitiated", "Aborting", "Retry"] as const;
  const strange = ["NeverStarted", "Skipped", "Reset", "DistributionQueue", "DistributionRunning", "15"] as const;
  for (const status of [...others, ...strange, undefined]) assert.equal(endedAs(status), undefined);
});

test("asks a young distribution often, and every 30 s from the second minute on", () => {
  const ages = [-5_000, 0, 8_000, 60_000, 120_000, 3_600_000];
  assert.deepEqual(ages.map(followPauseMs), [1_000, 1_000, 2_000, 15_000, 30_000, 30_000]);
});
