import assert from "node:assert/strict";
import { test } from "node:test";
import {
  anchors,
  appId,
  executionId,
  failed,
  failedWith,
  loggedAt,
  otherGuid,
  rejection,
  taskEvent,
  taskId,
} from "./examples.js";

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
  for (const level of ["abcdefghijklmnopq", "LEVEL 1", "INFO1"]) assert.equal(rejection(withLevel(level)), "no-guids");
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

for (const absent of ["(null)", "", " "]) {
  test(`takes an absent level (${JSON.stringify(absent)}) for an empty string, with a time or without`, () => {
    for (const time of [loggedAt, "(null)", ""]) {
      const { data } = taskEvent(failedWith(`${taskId};${appId};${time};${absent};${executionId};Message; more`));
      assert.deepEqual([data.taskId, data.appId, data.logLevel], [taskId, appId, ""]);
      assert.deepEqual([data.executionId, data.logMessage], [executionId, "Message; more"]);
    }
    const { data } = taskEvent(failedWith(`${taskId};;${loggedAt};${absent};(null);Message`));
    assert.deepEqual([data.appId, data.logLevel, data.executionId, data.logMessage], ["", "", "", "Message"]);
    assert.equal(rejection(failedWith(`${taskId};;;${absent};${executionId};Message`)), "no-guids");
  });
}
