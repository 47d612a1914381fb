import assert from "node:assert/strict";
import { test } from "node:test";
import { createDatagramReader } from "../../src/datagram/reader.js";
import {
  anchors,
  examples,
  failed,
  failedWith,
  otherGuid,
  received,
  receivedAtMs,
  rejection,
  taskEvent,
  taskId,
} from "./examples.js";

// Datagrams known from other receivers' tests, and what becomes of them here

const tail = `dir/user;${otherGuid};${otherGuid};ts;INFO`;
const known: [datagram: string, outcome: string][] = [
  ["/engine-reload-failed/;a;b;c;d;e;f;g", "too-short"],
  ["/unknown-type/;field1;line1\nline2", "unknown-tag"],
  [`/scheduler-reload-failed/;host;Task;App;${tail};exec;Message`, "event sense.task.failed in S6"],
  [`/scheduler-reload-failed/;host;Task;App;${tail};;Message`, "event sense.task.failed in S6"],
  [`/scheduler-reload-failed/;host;Task;App;dir/user;not-a-guid;${otherGuid};ts;INFO;exec-retry;Message`, "no-guids"],
  [`/scheduler-reload-aborted/;host;Task;App;${tail};exec;Message`, "event sense.task.aborted in S7"],
  [`/scheduler-reloadtask-success/;host;Task;App;${tail};exec;Message`, "event sense.task.succeeded in S8"],
  ["a".repeat(65507), "unknown-layout"],
  [`/scheduler-reload-failed/;host\t;Task\n;App\r;${tail};exec;Message\x01\x02`, "event sense.task.failed in S6"],
  [
    "/scheduler-distribute/;server.domain.com;Distribute Task;;INTERNAL\\sa_scheduler;dist-task-123;;2025-10-09 10:30:45.123;INFO;exec-789;Distribution completed",
    "no-guids",
  ],
  ["/scheduler-distribute-failed/;server.domain.com;T;;u;x;;2025-10-09 10:30:45.123;ERROR;exec-456;No", "unknown-tag"],
  ["/scheduler-externalprogram-success/;server.domain.com;T;;u;x;;ts;INFO;x;Done", "unknown-tag"],
  [
    `/scheduler-task-failed/;h;T;;INTERNAL\\sa_scheduler;${otherGuid};;ts;ERROR;x;Error: Command "test.exe" failed with code 1`,
    "event sense.task.failed in S1",
  ],
  [
    `/scheduler-distribute/;h;T;;INTERNAL\\sa_scheduler;${otherGuid};;2025-10-09 10:30:45.123;INFO;x;`,
    "event sense.task.distributed in S5",
  ],
  [
    "/scheduler-reload-failed/;server.example.com;My Reload Task;My Application;DOMAIN\\scheduler;210832b5-6174-4572-bd19-3e61eda675ef;a1b2c3d4-e5f6-1234-a5b6-123456789abc;2025-10-11 10:30:45.123;ERROR;exec-123;Task execution failed",
    "event sense.task.failed in S6",
  ],
  ["/test/;äöü;中文;🚀", "unknown-tag"],
  ["  /test/  ;  field1  ;  field2  ", "unknown-tag"],
];

for (const [datagram, outcome] of known) {
  test(`gives ${outcome} for ${datagram.slice(0, 80)}`, () => {
    assert.equal(rejection(datagram), outcome);
  });
}

// Rejections

test("rejects a datagram with nothing in it as empty", () => {
  for (const nothing of ["", " ", "\r\n", "\ufeff", " \ufeff\t\u0085 ", "\u0000\u0000", "\u3000"]) {
    assert.equal(rejection(nothing), "empty", JSON.stringify(nothing));
  }
});

test("rejects a known tag with too few fields as too short", () => {
  assert.equal(rejection("/scheduler-task-failed/"), "too-short");
  assert.equal(rejection("/scheduler-task-failed/;h;T;A;u;1;2;3;4"), "too-short");
  assert.equal(rejection("/scheduler-task-failed;x"), "too-short");
});

test("rejects a known tag with fields enough but no anchors as having no GUIDs", () => {
  assert.equal(rejection("/scheduler-task-failed/;h;T;A;u;1;2;3;4;5"), "no-guids");
  assert.equal(rejection("/scheduler-task-failed/;;;;;;;;;;"), "no-guids");
});

test("needs a host, two names and a user before the ids", () => {
  assert.equal(rejection(`/scheduler-task-failed/;h;T;u;${anchors}Message`), "no-guids");
  assert.equal(rejection(`h;T;u;${anchors}Message`), "unknown-layout");
});

test("rejects the proxy's and the log's own tags as not task events", () => {
  for (const tag of ["/proxy-session/", "/Proxy-Connection//", "/qseow-scheduler/", "/qseow-qix-perf/"]) {
    assert.equal(rejection(`${tag};a;b;c;d;e;f;g`), "not-a-task-event", tag);
  }
});

test("reads the largest datagrams of nothing but separators, blanks or names", () => {
  assert.equal(rejection(";".repeat(65507)), "unknown-layout");
  assert.equal(rejection(`/scheduler-task-failed/${";".repeat(65000)}`), "no-guids");
  assert.equal(rejection("/".repeat(65507)), "unknown-tag");
  assert.equal(rejection(" ".repeat(65507)), "empty");
  const names = "a;b".repeat(21000);
  assert.equal(taskEvent(failed(`h;${names};u`)).data.rawNames, names);
});

test("reads the logged time in the time zone of the Sense server", () => {
  const read = createDatagramReader({
    eventSource: "/udp-ingest/test",
    fallbackEncoding: "windows-1252",
    senseTimezone: "Europe/Stockholm",
  });
  const utcOf = (payload: string): string | null | undefined => {
    const result = read(received(payload, receivedAtMs));
    return result.ok ? result.event.data.logTimeStampUtc : undefined;
  };
  assert.equal(utcOf(examples.S1), "2024-04-12T05:33:03.508Z");
  assert.equal(utcOf(examples.E1), "2020-11-20T14:02:41.120Z");
  assert.equal(utcOf(examples.L2), null);
  assert.equal(utcOf(failedWith(`${taskId};;ts;INFO;;M`)), null);
  assert.equal(utcOf(failedWith(`${taskId};;20211109T193744.331+0100;INFO;;M`)), "2021-11-09T18:37:44.331Z");
});
