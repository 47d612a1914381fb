import assert from "node:assert/strict";
import { test } from "node:test";
import { likelyCause } from "../../src/datagram/likely-cause.js";
import type { Rejection } from "../../src/datagram/rejection.js";

const causes: readonly (readonly [Rejection, tag: string, cause: RegExp])[] = [
  ["unknown-tag", "/scheduler-task-failled/", /typing error for \/scheduler-task-failed\//],
  ["unknown-tag", "/Scheduler-Task-Succes//", /typing error for \/scheduler-task-success\//],
  ["unknown-tag", "/sheduler-task-aborted/", /typing error for \/scheduler-task-aborted\//],
  ["unknown-tag", "/scheduler-distribute-failed/", /this version does not read/],
  ["unknown-tag", "/engine-performance/", /this version does not read/],
  ["unknown-tag", "/reload-monitor/", /another product/],
  ["unknown-tag", "/", /another product/],
  ["not-a-task-event", "/qseow-scheduler/", /Butler SOS/],
  ["not-a-task-event", "/proxy-session/", /proxy/],
  ["not-a-task-event", "scheduler", /another product.*four fields/],
];

for (const [reason, tag, cause] of causes) {
  test(`names the likely cause of ${tag}, rejected as ${reason}`, () => {
    assert.match(likelyCause(reason, tag), cause);
  });
}
