import assert from "node:assert/strict";
import { test } from "node:test";
import { fullMessage, nextToLeaveOut } from "../../src/alerts/full-message.js";
import { taskEvent } from "../fixtures/events.js";
import { app, execution, task } from "../fixtures/repository.js";

const butlerFields = [
  "hostName",
  "user",
  "taskName",
  "taskId",
  "appName",
  "appId",
  "logTimeStamp",
  "logLevel",
  "executionId",
  "logMessage",
];

/** What Butler 15 writes for this failure, without its qs_ fields. */
const butlerText =
  '{"hostName":"pro2-win1","user":"LAB\\\\goran","taskName":"Reload of Test failing reloads 1",' +
  '"taskId":"22b106a8-e7ed-4466-b700-014f060bef16","appName":"Test failing reloads 1",' +
  '"appId":"8f1d1ecf-97a6-4eb5-8f47-f9156300b854","logTimeStamp":"2024-04-12 07:33:03,508","logLevel":"INFO",' +
  '"executionId":"c073f112-4318-4d1f-ae82-14492aa0c35f","logMessage":"Max retries reached"}';

const ourText =
  '"eventId":"task.failed:22b106a8-e7ed-4466-b700-014f060bef16:c073f112-4318-4d1f-ae82-14492aa0c35f",' +
  '"eventType":"sense.task.failed","schemaVersion":1,"receivedAt":"2024-04-12T05:33:03.561Z","logTimeStampUtc":null,' +
  '"userDirectory":"LAB","userId":"goran","sourceAddress":"10.0.4.21","enrichment":"off"}';

test("is Butler's message to the letter, and ours after it", () => {
  assert.equal(JSON.stringify(fullMessage(taskEvent())), `${butlerText.slice(0, -1)},${ourText}`);
});

test("says where the names are ambiguous, and holds the raw text", () => {
  const data = { ambiguousNames: true as const, rawNames: "a;b;c" };
  const message = fullMessage(taskEvent({ data }));
  assert.deepEqual([message["ambiguousNames"], message["rawNames"]], [true, "a;b;c"]);
  assert.deepEqual(Object.keys(message).slice(0, 10), butlerFields);
  assert.equal(message["enrichment"], "off");
});

test("does not speak of ambiguous names when they are not", () => {
  const keys = Object.keys(JSON.parse(JSON.stringify(fullMessage(taskEvent()))) as object);
  assert(!keys.includes("ambiguousNames"));
  assert(!keys.includes("rawNames"));
});

test("says which fields were cut, before the enrichment", () => {
  const message = fullMessage(taskEvent({ data: { truncated: ["logMessage"] } }));
  assert.deepEqual(message["truncated"], ["logMessage"]);
  assert.deepEqual(Object.keys(message).slice(-2), ["truncated", "enrichment"]);
  assert.doesNotMatch(JSON.stringify(fullMessage(taskEvent())), /truncated/);
});

test("holds the time in UTC when it is known", () => {
  const message = fullMessage(taskEvent({ data: { logTimeStampUtc: "2024-04-12T05:33:03.508Z" } }));
  assert.equal(message["logTimeStampUtc"], "2024-04-12T05:33:03.508Z");
});

for (const [user, shown] of [
  ["LAB\\goran", "LAB\\goran"],
  ["LAB\\\\goran", "LAB\\goran"],
  ["LAB\\\\\\\\goran", "LAB\\\\goran"],
  ["LAB\\\\goran\\\\x", "LAB\\goran\\x"],
  ["goran", "goran"],
  ["", ""],
] as const) {
  test(`shows the user ${user || "(none)"} as ${shown || "(none)"}`, () => {
    assert.equal(fullMessage(taskEvent({ data: { user } }))["user"], shown);
  });
}

test("leaves every other text as it came", () => {
  const text = 'a\\\\b\r\n\tc;"å\u2028🤪';
  const data = Object.fromEntries(butlerFields.filter((field) => field !== "user").map((field) => [field, text]));
  const message = JSON.parse(JSON.stringify(fullMessage(taskEvent({ data })))) as Record<string, unknown>;
  for (const field of Object.keys(data)) assert.equal(message[field], text);
});

const qsText =
  '"qs_appTags":["Test data"],"qs_appCustomProperties":[{"name":"Butler_AlertGroup","value":"ops"}],' +
  '"qs_taskTags":["startTask1"],"qs_taskCustomProperties":[{"name":"taskGroup","value":"tasks1"}],' +
  '"qs_appMetadata":{"id":"8f1d1ecf-97a6-4eb5-8f47-f9156300b854","owner":{"userId":"goran"}},' +
  '"qs_taskMetadata":{"id":"22b106a8-e7ed-4466-b700-014f060bef16","taskType":0}';
const runText =
  '"taskType":"Reload","executingNodeName":"pro2-win1.lab.example","executionStatus":"FinishedFail",' +
  '"executionDurationMs":12190,"executionDetails":[{"message":"Max retries reached","date":"2024-04-12T05:33:03.400Z"}]';

test("has Butler's qs_ fields behind its ten, and the run behind ours, when QRS has told", () => {
  const complete = { kind: "complete", task, app, execution, scriptLogTail: undefined } as const;
  const ours = ourText.replace('"off"}', '"complete"');
  const text = `${butlerText.slice(0, -1)},${qsText},${ours},${runText}`;
  assert.equal(JSON.stringify(fullMessage(taskEvent(), complete)), `${text}}`);
  const withLog = fullMessage(taskEvent(), { ...complete, scriptLogTail: ["the end"] });
  assert.equal(JSON.stringify(withLog), `${text},"scriptLogTail":["the end"]}`);
});

test("keeps the types of fields that QRS has nothing for", () => {
  const nothing = { task: null, app: null, execution: null, scriptLogTail: [] };
  const { qs_appTags, qs_appCustomProperties, qs_taskTags, qs_taskCustomProperties, ...rest } = fullMessage(
    taskEvent(),
    {
      kind: "complete",
      ...nothing,
    },
  );
  assert.deepEqual([qs_appTags, qs_appCustomProperties, qs_taskTags, qs_taskCustomProperties], [[], [], [], []]);
  assert.deepEqual([rest["qs_appMetadata"], rest["qs_taskMetadata"], rest["executionDetails"]], [{}, {}, []]);
  const nulls = ["taskType", "executingNodeName", "executionStatus", "executionDurationMs"];
  assert.deepEqual(
    nulls.map((key) => rest[key]),
    [null, null, null, null],
  );
  assert.deepEqual(rest["scriptLogTail"], []);
});

test("differs from the message without QRS by one word when QRS cannot be reached", () => {
  const off = JSON.stringify(fullMessage(taskEvent()));
  const unavailable = JSON.stringify(fullMessage(taskEvent(), { kind: "unavailable" }));
  assert.equal(unavailable, off.replace('"off"}', '"unavailable"}'));
});

for (const [what, known, keys] of [
  ["the task", { task }, ["qs_taskTags", "qs_taskCustomProperties", "qs_taskMetadata", "taskType"]],
  ["the app", { app }, ["qs_appTags", "qs_appCustomProperties", "qs_appMetadata"]],
  ["the run", { execution }, ["executingNodeName", "executionStatus", "executionDurationMs", "executionDetails"]],
] as const) {
  test(`has the fields of ${what} and no others of QRS when that is all it answered`, () => {
    const message = fullMessage(taskEvent(), { kind: "partial", ...known });
    const off = Object.keys(fullMessage(taskEvent()));
    assert.deepEqual(
      Object.keys(message).filter((key) => !off.includes(key)),
      keys,
    );
    assert.equal(message["enrichment"], "partial");
  });
}

test("lists what is left out and what was cut before", () => {
  const enrichment = { kind: "complete", task, app, execution, scriptLogTail: ["the end"] } as const;
  const event = taskEvent({ data: { truncated: ["logMessage"] } });
  const whole = fullMessage(event, enrichment);
  assert.deepEqual(whole["truncated"], ["logMessage"]);
  assert.deepEqual(nextToLeaveOut(whole), ["scriptLogTail"]);
  const smaller = fullMessage(event, enrichment, ["scriptLogTail"]);
  assert.deepEqual(nextToLeaveOut(smaller), ["qs_appMetadata", "qs_taskMetadata"]);
  const smallest = fullMessage(event, enrichment, ["scriptLogTail", "qs_appMetadata", "qs_taskMetadata"]);
  assert.deepEqual(nextToLeaveOut(smallest), []);
  const { scriptLogTail, qs_appMetadata, qs_taskMetadata, ...rest } = whole;
  const truncated = ["logMessage", "scriptLogTail", "qs_appMetadata", "qs_taskMetadata"];
  assert.deepEqual(smallest, { ...rest, truncated });
});

test("leaves out only what would make it smaller", () => {
  assert.deepEqual(nextToLeaveOut(fullMessage(taskEvent())), []);
  const nothing = { kind: "complete", task: null, app: null, execution: null, scriptLogTail: [] } as const;
  assert.deepEqual(nextToLeaveOut(fullMessage(taskEvent(), nothing)), []);
  assert.deepEqual(nextToLeaveOut(fullMessage(taskEvent(), { ...nothing, task })), ["qs_taskMetadata"]);
});
