import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { alerts, monitoringFolder, promtool } from "../src/monitoring.js";

const testFiles = ["alert-rules.test.yml", "alert-rules-silence.test.yml"];

test("promtool has nothing against the alert rules", () => {
  const { ok, output } = promtool(["check", "rules", "--lint=all", "--lint-fatal", "alert-rules.yml"]);
  assert.ok(ok, output);
});

test("promtool has nothing against the configuration of the profile monitoring", () => {
  const { ok, output } = promtool(["check", "config", "--syntax-only", "../../../tools/prometheus.yml"]);
  assert.ok(ok, output);
});

for (const file of testFiles) {
  test(`alerts fire and do not fire as ${file} says`, () => {
    const { ok, output } = promtool(["test", "rules", file]);
    assert.ok(ok, output);
  });
}

test("each alert has a case in which it fires", () => {
  const cases = testFiles.map((file) => readFileSync(`${monitoringFolder}/${file}`, "utf8")).join("");
  for (const { alert } of alerts) assert.match(cases, new RegExp(`alertname="${alert}"`));
});
