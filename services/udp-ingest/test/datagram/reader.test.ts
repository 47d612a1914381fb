import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { decodeEvent, encodeEvent } from "@sense-alerts/event-contract";
import { createDatagramReader } from "../../src/datagram/reader.js";
import {
  anchors,
  appId,
  examples,
  executionId,
  loggedAt,
  otherGuid,
  reading,
  received,
  receivedAtMs,
  rejection,
  taskEvent,
  taskId,
} from "./examples.js";

/** A failed task with the given text between the tag and the task id. */
function failed(before: string, message = "Max retries reached"): string {
  return `/scheduler-task-failed/;${before};${anchors}${message}`;
}

/** A failed task with the given text from the task id on. */
function failedWith(after: string): string {
  return `/scheduler-task-failed/;pro2-win1;Reload of Sales;Sales;LAB\\goran;${after}`;
}

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
  assert.deepEqual([oldest.hostName, oldest.appName, oldest.user], ["pro2-win1", "Test failing reloads 1", "goran"]);
  assert.deepEqual([oldest.userDirectory, oldest.userId], ["", "goran"]);
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

// Names

test("takes the last semicolon for the border between ambiguous names, and says that they are", () => {
  const { data } = taskEvent(failed("pro2-win1;Load A; then B;Sales; EMEA;LAB\\goran"));
  assert.deepEqual([data.hostName, data.user], ["pro2-win1", "LAB\\goran"]);
  assert.deepEqual([data.taskName, data.appName], ["Load A; then B;Sales", " EMEA"]);
  assert.deepEqual([data.ambiguousNames, data.rawNames], [true, "Load A; then B;Sales; EMEA"]);
});

const ambiguous = [
  ["Reload of Sales; EMEA;Sales; EMEA", "Reload of Sales; EMEA", "Sales; EMEA"],
  ["Manually triggered reload of A;B;C;A;B;C", "Manually triggered reload of A;B;C", "A;B;C"],
  ["Reload of Sales; EMEA; Sales; EMEA ", "Reload of Sales; EMEA", " Sales; EMEA "],
  ["Nightly; all;Sales", "Nightly; all", "Sales"],
  ["Nightly;;Sales", "Nightly;", "Sales"],
  ["Nightly; all;", "Nightly; all", ""],
  ["Nightly; all;(null)", "Nightly; all", ""],
  [";;", ";", ""],
] as const;

for (const [rawNames, taskName, appName] of ambiguous) {
  test(`reads the ambiguous names ${rawNames} as ${taskName} and ${appName || "no app"}`, () => {
    const { data } = taskEvent(failed(`pro2-win1;${rawNames};LAB\\goran`));
    assert.deepEqual([data.taskName, data.appName], [taskName, appName]);
    assert.deepEqual([data.ambiguousNames, data.rawNames], [true, rawNames]);
  });
}

test("makes one blank of each run of control characters in host, user and names", () => {
  const { data } = taskEvent(failed("host\t;Task\r\nname\u0085x;App\u0000\u0001\u009f;dir\\us\u007fer"));
  assert.deepEqual([data.hostName, data.taskName, data.appName], ["host ", "Task name x", "App "]);
  assert.deepEqual([data.user, data.userDirectory, data.userId], ["dir\\us er", "dir", "us er"]);
  const split = taskEvent(failed("host;a\r\n;b;c;dir\\user")).data;
  assert.equal(split.rawNames, "a ;b;c");
});

test("makes one blank of each run of control characters in the message, but keeps line breaks and tabs", () => {
  const message = "one\u0001\u0002\r\n\ttwo\u0085three\u0000\r";
  assert.equal(taskEvent(failed("h;T;A;u", message)).data.logMessage, "one \r\n\ttwo three \r");
});

test("takes line and paragraph separators, which are no control characters, as they are", () => {
  assert.equal(taskEvent(failed("h;T\u2028\u2029;A;u")).data.taskName, "T\u2028\u2029");
});

test("cuts and trims nothing in names", () => {
  const { data } = taskEvent(failed(`h; ${"A".repeat(600)} ;  App;u`));
  assert.deepEqual([data.taskName, data.appName], [` ${"A".repeat(600)} `, "  App"]);
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

// Ids, times and levels

test("keeps the letter case of ids, and sets the blanks and control characters around them aside", () => {
  const upper = taskId.toUpperCase();
  const { data } = taskEvent(
    failedWith(
      ` ${upper}\t;\u0001${appId} ;\u0085 ${loggedAt}\r\n; INFO\u0000; ${executionId}\u00a0;Message\u0001\u0002`,
    ),
  );
  assert.deepEqual([data.taskId, data.appId, data.executionId], [upper, appId, executionId]);
  assert.deepEqual([data.logTimeStamp, data.logLevel, data.logMessage], [loggedAt, "INFO", "Message "]);
});

for (const timestamp of [
  "2024-04-12 07:33:03,508",
  "2024-04-12 07:33:03.508",
  "2024-04-12 07:33:03",
  "2024-04-12T07:33:03.508",
  "2025-10-08T10:30:00.000Z",
  "2025-10-08T10:30:00+01:00",
  "2025-10-08T10:30:00.1234567-0330",
  "2025-10-08 10:30:00,000 +01:00",
  "20211109T193744.331+0100",
  "20211109T193744",
  "2024-99-99 99:99:99,999",
]) {
  test(`takes ${timestamp} for a timestamp, and then any word for a level`, () => {
    const { data } = taskEvent(failedWith(`${taskId};;${timestamp};Katastrophe;${executionId};Message`));
    assert.deepEqual([data.logTimeStamp, data.logLevel], [timestamp, "Katastrophe"]);
    assert.deepEqual([data.executionId, data.logMessage], [executionId, "Message"]);
  });
}

for (const noTimestamp of [
  "2024-04-12",
  "07:33:03",
  "2024-04-12 7:33:03",
  "2024-04-12 07:33:03,",
  "20211109 193744",
  "x",
]) {
  test(`takes ${noTimestamp} for no timestamp, and so no other word than a log4net level for a level`, () => {
    assert.equal(rejection(failedWith(`${taskId};;${noTimestamp};Katastrophe;${executionId};Message`)), "no-guids");
    assert.equal(taskEvent(failedWith(`${taskId};;${noTimestamp};Warn;exec-789;M`)).data.logTimeStamp, noTimestamp);
  });
}

test("reads a level and an execution id without a semicolon between them, and keeps the tag's format", () => {
  for (const execution of [executionId, "(null)"]) {
    const { data, type } = taskEvent(
      `/scheduler-reload-aborted/;h;T;A;LAB\\goran;${taskId};${appId};${loggedAt};INFO${execution};Aborting; now`,
    );
    assert.deepEqual([type, data.wireFormat], ["sense.task.aborted", "S7"]);
    assert.deepEqual([data.logLevel, data.executionId], ["INFO", execution === "(null)" ? "" : execution]);
    assert.equal(data.logMessage, "Aborting; now");
  }
});

test("reads an untagged level without a semicolon and without an execution id as L3", () => {
  const { data } = taskEvent(`h;T;A;LAB\\goran;${taskId};${appId};${loggedAt};INFO(null);Max retries reached`);
  assert.deepEqual([data.wireFormat, data.logLevel, data.executionId], ["L3", "INFO", ""]);
});

test("keeps an execution id that is no GUID, and lets the bytes identify the event", () => {
  for (const timestamp of [loggedAt, "ts"]) {
    const event = taskEvent(failedWith(`${taskId};${appId};${timestamp};INFO;exec-789;Message; more`));
    assert.deepEqual([event.data.executionId, event.data.logMessage], ["exec-789", "Message; more"]);
    assert.match(event.id, /^task\.failed:sha256:/);
  }
});

test("keeps any execution id behind a time of another form, but takes it for the start of the message else", () => {
  const lenient = taskEvent(failedWith(`${taskId};;ts;INFO;exec 789;Message`)).data;
  assert.deepEqual([lenient.executionId, lenient.logMessage], ["exec 789", "Message"]);
  const strict = taskEvent(failedWith(`${taskId};;${loggedAt};INFO;exec 789;Message`)).data;
  assert.deepEqual([strict.executionId, strict.logMessage], ["", "exec 789;Message"]);
});

test("takes the leftmost of several runs of the same kind", () => {
  for (const timestamp of [loggedAt, "ts"]) {
    const copy = `x;${otherGuid};;${timestamp};WARN;exec-2;end`;
    const { data } = taskEvent(failedWith(`${taskId};;${timestamp};INFO;exec-1;${copy}`));
    assert.deepEqual([data.taskId, data.executionId, data.logMessage], [taskId, "exec-1", copy]);
  }
});

test("prefers a proper timestamp to one of another form further left", () => {
  const { data } = taskEvent(
    `/scheduler-task-failed/;h;a;b;c;${otherGuid};;ts;INFO;LAB\\goran;${taskId};;${loggedAt};INFO;exec-1;Message`,
  );
  assert.deepEqual([data.taskId, data.user, data.logMessage], [taskId, "LAB\\goran", "Message"]);
});

test("needs a real task id where the timestamp is of another form", () => {
  assert.equal(rejection(failedWith(`;${appId};ts;INFO;${executionId};Message`)), "no-guids");
  assert.equal(rejection(failedWith(`${taskId.replace("a", "g")};${appId};ts;INFO;${executionId};M`)), "no-guids");
});

test("reads an unset id in capitals as absent", () => {
  const { data } = taskEvent(failedWith(`(NULL);(Null);${loggedAt};INFO;(NULL);Message`));
  assert.deepEqual([data.taskId, data.appId, data.executionId], ["", "", ""]);
});

test("takes 16 letters for a level, and 17 for none", () => {
  const withLevel = (level: string): string => failedWith(`${taskId};;${loggedAt};${level};${executionId};Message`);
  assert.equal(taskEvent(withLevel("abcdefghijklmnoP")).data.logLevel, "abcdefghijklmnoP");
  for (const level of ["abcdefghijklmnopq", "", "LEVEL 1", "INFO1"])
    assert.equal(rejection(withLevel(level)), "no-guids");
});

test("prefers an execution id that is a GUID to one further left that is not", () => {
  const { data } = taskEvent(`/scheduler-task-failed/;h;a;b;c;;;${loggedAt};x;y;LAB\\goran;${anchors}Message`);
  assert.deepEqual([data.rawNames, data.user], [`a;b;c;;;${loggedAt};x;y`, "LAB\\goran"]);
  assert.deepEqual([data.taskId, data.executionId], [taskId, executionId]);
});

const cutShort = [
  [`${taskId};${appId};${loggedAt};INFO;${executionId};`, executionId, ""],
  [`${taskId};${appId};${loggedAt};INFO;${executionId}`, executionId, ""],
  [`${taskId};${appId};${loggedAt};INFO;`, "", ""],
  [`${taskId};${appId};${loggedAt};INFO`, "", ""],
  [`${taskId};${appId};${loggedAt};INFO${executionId}`, executionId, ""],
  [`${taskId};${appId};${loggedAt};INFO;Max retries reached`, "", "Max retries reached"],
  [`${taskId};${appId};${loggedAt};INFO;Max retries reached; giving up`, "", "Max retries reached; giving up"],
  [`${taskId};${appId};ts;ERROR`, "", ""],
  [`${taskId};;ts;ERROR;Message`, "", "Message"],
] as const;

for (const [after, execution, message] of cutShort) {
  test(`reads a datagram that ends in …;${after.slice(74)} with the message "${message}"`, () => {
    const { data } = taskEvent(failedWith(after));
    assert.deepEqual([data.taskId, data.executionId, data.logMessage], [taskId, execution, message]);
  });
}

test("does not let a complete run of ids, time and level inside the message shift a field", () => {
  const message = `; copied: ;${otherGuid};${otherGuid};2020-01-01 00:00:00,000;WARN;${otherGuid};x`;
  const { data } = taskEvent(failed("h;T;A;LAB\\goran", message));
  assert.deepEqual([data.taskId, data.executionId, data.logMessage], [taskId, executionId, message]);
});

test("does not take ids, times and empty fields inside the names for anchors", () => {
  const names = `Load ${otherGuid};;${otherGuid};;${loggedAt};after`;
  const { data } = taskEvent(failed(`h;${names};LAB\\goran`));
  assert.deepEqual([data.rawNames, data.user, data.taskId], [names, "LAB\\goran", taskId]);
});

// Untagged

test("does not take a name that holds a slash for a tag", () => {
  assert.equal(taskEvent(examples.L1.replace("Reload of", "/reload/")).data.wireFormat, "L1");
});

test("reads the oldest layout with a semicolon in a name, when nothing speaks against it", () => {
  const { data } = taskEvent("pro2-win1.lab.example;Load A; then B;Sales;goran");
  assert.deepEqual([data.wireFormat, data.taskName, data.appName], ["L2", "Load A; then B", "Sales"]);
  assert.deepEqual([data.rawNames, data.user], ["Load A; then B;Sales", "goran"]);
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
  "two words;T;A;goran",
  ";T;A;goran",
  "host; ;A;goran",
  "host;(null);A;goran",
  `${"h".repeat(254)};T;A;goran`,
  "host;T;A;ERROR",
  "pro2-win1;T;A;Message from ReloadProvider: Reload failed in Engine. Check engine or script logs.;ERROR",
  "pro2-win1;T;A;Message from ReloadProvider: Reload failed in Engine.;x y",
  "pro2-win1;T;A;B;",
  "pro2-win1;T;A;2024-01-15 10:30:00,000;goran",
  "RELOAD_TASK_SUCCESS;server1.example.com;Test Reload Task;Test App;DOMAIN\\user1;task-123-reload;app-456;2024-01-15T10:30:00.000Z;INFO;exec-789;Reload completed successfully",
];

for (const datagram of unknownLayouts) {
  test(`rejects ${datagram.slice(0, 90)} as an unknown layout`, () => {
    assert.equal(rejection(datagram), "unknown-layout");
  });
}

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
