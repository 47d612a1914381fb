import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { decodeEvent, encodeEvent } from "@sense-alerts/event-contract";
import {
  appId,
  examples,
  executionId,
  failed,
  failedWith,
  loggedAt,
  otherGuid,
  reading,
  taskEvent,
  taskId,
} from "./examples.js";

test("reads a failed task, field by field", () => {
  assert.deepEqual(reading(examples.S1), {
    ok: true,
    event: {
      specversion: "1.0",
      id: `task.failed:${taskId}:${executionId}`,
      source: "/udp-ingest/test",
      type: "sense.task.failed",
      time: "2024-04-12T05:33:04.012Z",
      datacontenttype: "application/json",
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      data: {
        hostName: "pro2-win1",
        user: "LAB\\goran",
        taskName: "Reload of Test failing reloads 1",
        taskId,
        appName: "Test failing reloads 1",
        appId,
        logTimeStamp: loggedAt,
        logLevel: "INFO",
        executionId,
        logMessage: "Max retries reached",
        userDirectory: "LAB",
        userId: "goran",
        logTimeStampUtc: null,
        sourceAddress: "192.0.2.17",
        sourcePort: 51234,
        wireFormat: "S1",
      },
    },
  });
});

const formats = [
  ["S1", "sense.task.failed", "Reload of Test failing reloads 1", "Max retries reached"],
  ["S2", "sense.task.aborted", "Reload of Operations", "Execution State Change to Aborting"],
  ["S3", "sense.task.succeeded", "Reload of Operations", "Execution State Change to FinishedSuccess"],
  ["S4", "sense.task.succeeded", "Reload of Operations", "Execution State Change to FinishedSuccess"],
  ["S5", "sense.task.distributed", "Distribute Sales to cloud", "Exiting execute of Distribute task request."],
  ["S6", "sense.task.failed", "Manually triggered reload of Test failing reloads 2", "Max retries reached"],
  ["S7", "sense.task.aborted", "Reload of Operations", "Execution State Change to Aborting"],
  ["S8", "sense.task.succeeded", "Reload of Operations", "Reload complete"],
  ["S9", "sense.task.failed", "Reload of Test failing reloads 1", "Max retries reached"],
  ["L1", "sense.task.failed", "Reload of Test failing reloads 1", "Max retries reached"],
  ["L2", "sense.task.failed", "Reload of Test failing reloads 1", ""],
  ["L3", "sense.task.failed", "Reload of Test failing reloads 1", "Max retries reached"],
] as const;

for (const [format, type, taskName, logMessage] of formats) {
  test(`reads a datagram in wire format ${format} as ${type}`, () => {
    const event = taskEvent(examples[format]);
    assert.deepEqual(
      [event.type, event.data.wireFormat, event.data.taskName, event.data.logMessage],
      [type, format, taskName, logMessage],
    );
    assert.equal("ambiguousNames" in event.data, false);
    assert.deepEqual(decodeEvent(encodeEvent(event)), { ok: true, event });
  });
}

test("reads the app, the user and the ids that a format lacks as empty", () => {
  const distribute = taskEvent(examples.S5).data;
  assert.deepEqual([distribute.appName, distribute.appId], ["", ""]);
  assert.deepEqual([distribute.userDirectory, distribute.userId], ["INTERNAL", "sa_scheduler"]);
  const oldest = taskEvent(examples.L2).data;
  assert.deepEqual(
    [oldest.hostName, oldest.appName, oldest.user],
    ["pro2-win1", "Test failing reloads 1", "LAB\\goran"],
  );
  assert.deepEqual([oldest.userDirectory, oldest.userId], ["LAB", "goran"]);
  assert.deepEqual([oldest.taskId, oldest.appId, oldest.executionId], ["", "", ""]);
  assert.deepEqual([oldest.logTimeStamp, oldest.logLevel, oldest.logMessage], ["", "", ""]);
});

test("reads a preload that found no executor, with neither app name nor app id", () => {
  const { data, type } = taskEvent(
    "/scheduler-task-failed/;pro2-win1;Preload Sales;;INTERNAL\\sa_scheduler;3f5c2a10-4c0e-4a6d-9c57-6a1f0b2c3d4e;;2025-12-11 06:00:12,031;INFO;7b1d9c44-52a7-4e0b-8f13-0d9e8c7b6a5f;Could not reserve an executor for task",
  );
  assert.equal(type, "sense.task.failed");
  assert.deepEqual([data.taskName, data.appName, data.appId], ["Preload Sales", "", ""]);
  assert.deepEqual([data.logLevel, data.logMessage], ["INFO", "Could not reserve an executor for task"]);
});

test("keeps the semicolons of the log message", () => {
  const { data } = taskEvent(failed("pro2-win1;T;A;LAB\\goran", "Max retries reached; giving up;;"));
  assert.equal(data.logMessage, "Max retries reached; giving up;;");
});

test("keeps a stack trace with its line breaks and semicolons", () => {
  const message = "Max retries reachedSystem.TimeoutException: no answer; retry\r\n\tat Scheduler.Run()\r\n";
  assert.equal(taskEvent(failed("pro2-win1;T;A;LAB\\goran", message)).data.logMessage, message);
});

test("keeps names, hosts and users in any script", () => {
  const { data } = taskEvent(failed("wïn;Reload försäljning – 日本 🤪;Übersicht;LAB\\göran"));
  assert.deepEqual([data.hostName, data.taskName, data.appName], ["wïn", "Reload försäljning – 日本 🤪", "Übersicht"]);
  assert.deepEqual([data.user, data.userDirectory, data.userId], ["LAB\\göran", "LAB", "göran"]);
});

test("keeps the last of a message that fills the largest datagram", () => {
  const start = failed("pro2-win1;T;A;LAB\\goran", "");
  const message = "a".repeat(65507 - start.length);
  assert.equal(taskEvent(start + message).data.logMessage, message);
});

// Users

const users = [
  ["LAB\\goran", "LAB", "goran"],
  ["LAB\\\\goran", "LAB", "goran"],
  ["goran", "", "goran"],
  ["dir/user", "", "dir/user"],
  ["LAB\\SUB\\goran", "LAB", "SUB\\goran"],
  ["\\goran", "", "goran"],
] as const;

for (const [user, userDirectory, userId] of users) {
  test(`splits the user ${user} into directory "${userDirectory}" and id "${userId}", and keeps it as sent`, () => {
    const { data } = taskEvent(failed(`h;T;A;${user}`));
    assert.deepEqual([data.user, data.userDirectory, data.userId], [user, userDirectory, userId]);
  });
}

// Absent values

for (const absent of ["", " ", "(null)", " (null) ", "\t", "\u0085"]) {
  test(`reads ${JSON.stringify(absent)} as absent in every field that can be`, () => {
    const { data } = taskEvent(
      `/scheduler-task-failed/;${absent};${absent};${absent};${absent};${absent};${absent};${loggedAt};INFO;${absent};${absent}`,
    );
    const { hostName, user, taskName, appName, userDirectory, userId, logMessage } = data;
    assert.deepEqual([hostName, user, taskName, appName, userDirectory, userId, logMessage], Array(7).fill(""));
    assert.deepEqual([data.taskId, data.appId, data.executionId], ["", "", ""]);
    assert.deepEqual([data.logTimeStamp, data.logLevel], [loggedAt, "INFO"]);
  });
}

test("gives two tasks without an execution id two event ids, made of their bytes", () => {
  const one = failedWith(`${taskId};${appId};${loggedAt};INFO;(null);Max retries reached`);
  const other = failedWith(`${otherGuid};${appId};${loggedAt};INFO;(null);Max retries reached`);
  const hash = createHash("sha256").update(one).digest("hex");
  assert.equal(taskEvent(one).id, `task.failed:sha256:${hash}`);
  assert.notEqual(taskEvent(one).id, taskEvent(other).id);
});

test("gives the abort and the failure of one execution two event ids", () => {
  const aborted = taskEvent(examples.S1.replace("task-failed", "task-aborted"));
  assert.equal(aborted.id, `task.aborted:${taskId}:${executionId}`);
});
