import assert from "node:assert/strict";
import { test } from "node:test";
import type { CheckName, Result } from "../../src/broker-conformance/check.js";
import { createChecklist } from "../../src/broker-conformance/check.js";
import { tableOf } from "../../src/broker-conformance/table.js";

test("shows what passed, what the broker does not have, what it gets wrong and what failed", () => {
  const results = new Map<CheckName, Result>([
    ["connect", { state: "passed", note: "5" }],
    ["alerts", { state: "passed", note: "" }],
    ["last will", { state: "deviates", reason: "not retained" }],
    ["restart", { state: "failed", reason: "3 are missing\nmore" }],
  ]);
  const [, , row, , ...notes] = tableOf([{ broker: "x", version: "1", results }]).split("\n");
  assert.equal(row, "| x 1 | yes (5) | – | – | – | yes | – | – | – | – | – | – | **failed** (1) | broker (2) |");
  assert.deepEqual(notes, ["1. x, restart: 3 are missing", "2. x, last will: not retained"]);
});

test("a failure that is not expected of this broker is a failure", async () => {
  const fails = async () => {
    throw new Error("no");
  };
  const checks = createChecklist("moquette");
  await checks.run("last will", fails);
  await checks.run("alerts", fails);
  assert.equal(checks.results.get("last will")?.state, "deviates");
  assert.deepEqual(checks.results.get("alerts"), { state: "failed", reason: "no" });
});
