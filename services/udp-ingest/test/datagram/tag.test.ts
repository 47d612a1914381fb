import assert from "node:assert/strict";
import { test } from "node:test";
import { readTag } from "../../src/datagram/tag.js";

function read(firstField: string): string {
  const tag = readTag(firstField);
  return tag.kind === "task" ? `${tag.type} ${tag.wireFormat}` : tag.kind;
}

const table = [
  ["/scheduler-task-failed/", "sense.task.failed S1"],
  ["/scheduler-task-aborted/", "sense.task.aborted S2"],
  ["/scheduler-task-success//", "sense.task.succeeded S3"],
  ["/scheduler-task-success/", "sense.task.succeeded S4"],
  ["/scheduler-distribute/", "sense.task.distributed S5"],
  ["/scheduler-reload-failed/", "sense.task.failed S6"],
  ["/scheduler-reload-aborted/", "sense.task.aborted S7"],
  ["/scheduler-reloadtask-success/", "sense.task.succeeded S8"],
  ["/scheduler-reloadtask-failed/", "sense.task.failed S9"],
  ["/engine-reload-failed/", "engine"],

  [" //Scheduler-Task-FAILED/ ", "sense.task.failed S1"],
  ["/SCHEDULER-TASK-SUCCESS///", "sense.task.succeeded S3"],
  ["//scheduler-task-success", "sense.task.succeeded S4"],
  ["/scheduler-distribute//", "sense.task.distributed S5"],
  ["/scheduler-task-failed", "sense.task.failed S1"],
  ["scheduler-task-aborted/", "sense.task.aborted S2"],
  ["\ufeff/scheduler-task-failed/", "sense.task.failed S1"],
  ["\ufeff \u0000/scheduler-task-failed/\r\n", "sense.task.failed S1"],
  ["/scheduler-\u0000task-\u0085failed/", "sense.task.failed S1"],

  ["/scheduler task failed/", "unknown-tag"],
  ["/scheduler-task -failed/", "unknown-tag"],
  ["/scheduler-task-success/ /", "unknown-tag"],
  ["/scheduler//task-failed/", "unknown-tag"],
  ["/scheduler-task/", "unknown-tag"],
  ["/", "unknown-tag"],
  ["/proxy-session/", "not-a-task-event"],
  ["/PROXY-connection/", "not-a-task-event"],
  ["/qseow-scheduler/", "not-a-task-event"],
  ["//QSEOW-engine//", "not-a-task-event"],

  ["pro2-win1", "untagged"],
  ["qseow-server", "untagged"],
  ["proxy-session", "untagged"],
  ["a/scheduler-task-failed/", "untagged"],
  ["", "untagged"],
] as const;

for (const [firstField, expected] of table) {
  test(`reads the first field ${JSON.stringify(firstField)} as ${expected}`, () => {
    assert.equal(read(firstField), expected);
  });
}
