import assert from "node:assert/strict";
import { test } from "node:test";
import { createDatagramReader } from "../../src/datagram/reader.js";
import {
  anchors,
  examples,
  failed,
  failedWith,
  otherGuid,
  reading,
  received,
  receivedAtMs,
  rejection,
  taskEvent,
  taskId,
} from "./examples.js";

// Untagged

test("does not take a name that holds a slash for a tag", () => {
  assert.equal(taskEvent(examples.L1.replace("Reload of", "/reload/")).data.wireFormat, "L1");
});

test("reads the oldest layout with a semicolon in a name, when nothing speaks against it", () => {
  const { data } = taskEvent("pro2-win1.lab.example;Load A; then B;Sales;LAB\\goran");
  assert.deepEqual([data.wireFormat, data.taskName, data.appName], ["L2", "Load A; then B", "Sales"]);
  assert.deepEqual([data.rawNames, data.user], ["Load A; then B;Sales", "LAB\\goran"]);
});

test("reads a user id with a blank in the oldest layout", () => {
  assert.equal(taskEvent("pro2-win1;Reload of Sales;Sales;LAB\\john doe").data.user, "LAB\\john doe");
});

test("reads a task that is called after a proxy command, when its ids tell that it is one", () => {
  const { data } = taskEvent(`pro2-win1;Start session for user load;Sales;LAB\\goran;${anchors}Max retries reached`);
  assert.deepEqual([data.wireFormat, data.taskName], ["L1", "Start session for user load"]);
});

test("reads the host of an untagged datagram behind a byte order mark", () => {
  assert.equal(taskEvent(`\ufeff${examples.L1}`).data.hostName, "pro2-win1");
  assert.equal(taskEvent(`\ufeff${examples.L2}`).data.hostName, "pro2-win1");
});

const unknownLayouts = [
  "Test message",
  "Test failed reload message",
  ";;;;;;;;;;",
  "a;b;c",
  "pro2-win1;T;A;Message from ReloadProvider: Reload failed in Engine. Check engine or script logs.;ERROR",
  "pro2-win1;T;A;Message from ReloadProvider: Reload failed in Engine.;x y",
  "pro2-win1;T;A;B;",
  "pro2-win1;Load A; then B;Sales;goran",
  "pro2-win1;INFO;no answer; retry;LAB\\john doe",
  "pro2-win1;T;A;2024-01-15 10:30:00,000;goran",
  "RELOAD_TASK_SUCCESS;server1.example.com;Test Reload Task;Test App;DOMAIN\\user1;task-123-reload;app-456;2024-01-15T10:30:00.000Z;INFO;exec-789;Reload completed successfully",
];

for (const datagram of unknownLayouts) {
  test(`rejects ${datagram.slice(0, 90)} as an unknown layout`, () => {
    assert.equal(rejection(datagram), "unknown-layout");
  });
}

/** Four fields, as other products and the proxy's audit log send them. */
const otherProducts = [
  "scheduler;pro2-win1;Reload of Sales;SUCCESS",
  "engine;pro2-win1;INFO;Reload finished",
  "pro2-win1;Reload of Sales;Sales;goran",
  "host;T;A;ERROR",
  "host;T;A;(null)",
  "host;T;A;",
  ";;;",
  ";;;LAB\\goran",
  "scheduler;pro2-win1;INFO;Failed for LAB\\goran",
  "scheduler;pro2-win1;INFO;LAB\\goran: no answer",
  "engine;pro2-win1;ERROR;C:\\ProgramData\\Qlik\\Sense\\Log",
  "engine;pro2-win1;ERROR;C:\\ProgramData",
  "engine;pro2-win1;ERROR;\\\\server\\share",
  "engine;pro2-win1;ERROR;a\\b\\c",
  "engine;pro2-win1;ERROR;LAB\\",
  "engine;pro2-win1;ERROR;\\goran",
  "two words;T;A;LAB\\goran",
  `${"h".repeat(254)};T;A;LAB\\goran`,
  "2024-01-15 10:30:00,000;INFO;Engine;LAB\\goran",
];

for (const datagram of otherProducts) {
  test(`rejects ${datagram.slice(0, 90)} as not a task event`, () => {
    assert.equal(rejection(datagram), "not-a-task-event");
  });
}

const users = [
  "LAB\\goran",
  "LAB\\\\goran",
  "LAB\\goran \r\n",
  "lab.example\\göran@example.com",
  "INTERNAL\\sa_scheduler",
];

for (const user of [...users, "LAB-1\\auth0|5f7c8ec7c33c6c004bbafe82"]) {
  test(`reads four fields that end with ${JSON.stringify(user)} in the oldest layout`, () => {
    const { data } = taskEvent(`scheduler;Start session cleanup;Sales;${user}`);
    assert.deepEqual(
      [data.wireFormat, data.taskName, data.userDirectory],
      ["L2", "Start session cleanup", user.trim().split("\\")[0]],
    );
  });
}

test("reads an absent host or name in the oldest layout as empty", () => {
  const absent = taskEvent("(null);Reload of Sales; ;LAB\\goran").data;
  assert.deepEqual([absent.hostName, absent.taskName, absent.appName], ["", "Reload of Sales", ""]);
});

test("gives the tag of a datagram that is not ours, and nothing that may be payload", () => {
  const tagOf = (payload: string) => {
    const result = reading(payload);
    return result.ok ? undefined : result.tag;
  };
  assert.equal(tagOf("\ufeff /Reload-Monitor/ ;secret;b"), "/Reload-Monitor/");
  assert.equal(tagOf("/qseow-engine/;secret"), "/qseow-engine/");
  assert.equal(tagOf("scheduler;secret;b;c"), "scheduler");
  assert.equal(tagOf("/login user=admin password=secret"), "/login…");
  assert.equal(tagOf(`/${"x".repeat(100)}/;a`), `/${"x".repeat(63)}…`);
  assert.equal(tagOf('{"a":"secret"};b;c;d'), undefined);
  assert.equal(tagOf("Test message"), undefined);
});

const proxyCommands = [
  "Start session",
  "Stop session for user",
  "Open connection",
  "CONNECTION OPENED FOR SESSION abc",
];

for (const command of [...proxyCommands, "Close connection", "connection Closed for session"]) {
  test(`rejects the proxy audit command ${command} as not a task event`, () => {
    assert.equal(rejection(`pro2-win1;${command};LAB;goran`), "not-a-task-event");
  });
}

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
