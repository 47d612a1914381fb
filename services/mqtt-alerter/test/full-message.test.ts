import assert from "node:assert/strict";
import { test } from "node:test";
import { fullMessage } from "../src/full-message.js";
import { taskEvent } from "./fixtures/events.js";

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
  const keys = Object.keys(fullMessage(taskEvent()));
  assert(!keys.includes("ambiguousNames"));
  assert(!keys.includes("rawNames"));
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
