import assert from "node:assert/strict";
import { test } from "node:test";
import { createSources } from "../../src/status/sources.js";

test("counts the datagrams of each source by kind, the busiest first", () => {
  const sources = createSources();
  sources.count("10.0.0.5", "sense.task.failed", 1);
  sources.count("10.0.0.6", "sense.task.failed", 2);
  sources.count("10.0.0.6", "rejected", 3);
  const [busiest, other] = sources.busiest();
  assert.equal(busiest?.[0], "10.0.0.6");
  assert.deepEqual([busiest?.[1]["sense.task.failed"], busiest?.[1].rejected, busiest?.[1].lastMs], [1, 1, 3]);
  assert.equal(other?.[0], "10.0.0.5");
  assert.equal(sources.others(), undefined);
});

test("does not grow with invented sources, and keeps places for those whose datagrams are read", () => {
  const sources = createSources(50);
  for (let n = 0; n < 1_000; n++) sources.count(`10.1.${n >> 8}.${n & 255}`, "rejected", n);
  assert.equal(sources.busiest().length, 25);
  assert.deepEqual([sources.others()?.rejected, sources.others()?.lastMs], [975, 999]);
  for (let n = 0; n < 1_000; n++) sources.count(`10.2.${n >> 8}.${n & 255}`, "sense.task.failed", n);
  assert.equal(sources.busiest().length, 50);
  assert.equal(sources.others()?.["sense.task.failed"], 975);
});
