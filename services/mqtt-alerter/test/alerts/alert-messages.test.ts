import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEvent, encodeEvent, type SenseEvent } from "@sense-alerts/event-contract";
import { type AlertMessage, composeFull, composeMessages } from "../../src/alerts/alert-messages.js";
import { alertTopicsOf } from "../../src/alerts/alert-topics.js";
import { fullMessage } from "../../src/alerts/full-message.js";
import { readSettings } from "../../src/settings.js";
import { engineEvent, statusEvent, taskEvent } from "../fixtures/events.js";
import { app, execution, task } from "../fixtures/repository.js";

const successOn = { TASK_SUCCESS_TOPIC: "qliksense/task_success", TASK_SUCCESS_SEND_FULL: "true" };
const text = "text/plain";

function messagesOf(event: SenseEvent, env: Record<string, string> = {}): readonly AlertMessage[] {
  const composed = composeMessages(event, alertTopicsOf(readSettings(env)));
  assert(composed.ok);
  return composed.messages;
}

function topicsOf(event: SenseEvent, env: Record<string, string> = {}): string[] {
  return messagesOf(event, env).map(({ topic }) => topic);
}

for (const [type, env, topic] of [
  ["sense.task.failed", {}, "qliksense/task_failure"],
  ["sense.task.aborted", {}, "qliksense/task_aborted"],
  ["sense.task.succeeded", successOn, "qliksense/task_success"],
] as const) {
  test(`sends the bare task name of ${type} to ${topic}, then the full message to ${topic}_full`, () => {
    const event = taskEvent({ type });
    const userProperties = { eventId: event.id, eventType: type, taskId: event.data.taskId };
    assert.deepEqual(messagesOf(event, env), [
      {
        kind: "basic",
        topic,
        template: topic,
        payload: "Reload of Test failing reloads 1",
        contentType: text,
        userProperties,
      },
      {
        kind: "full",
        topic: `${topic}_full`,
        template: `${topic}_full`,
        payload: JSON.stringify(fullMessage(event)),
        contentType: "application/json",
        userProperties,
      },
    ]);
  });
}

for (const [type, own, other] of [
  ["sense.task.failed", "TASK_FAILURE", "TASK_ABORTED"],
  ["sense.task.aborted", "TASK_ABORTED", "TASK_FAILURE"],
  ["sense.task.succeeded", "TASK_SUCCESS", "TASK_ABORTED"],
] as const) {
  test(`sends ${type} to the topics of ${own}_TOPIC and ${own}_FULL_TOPIC`, () => {
    const env = { ...successOn, [`${own}_TOPIC`]: "own/basic", [`${own}_FULL_TOPIC`]: "own/full" };
    assert.deepEqual(topicsOf(taskEvent({ type }), env), ["own/basic", "own/full"]);
  });

  test(`sends ${type} without the full message when ${own}_SEND_FULL is off`, () => {
    const event = taskEvent({ type });
    const kinds = (name: string) =>
      messagesOf(event, { ...successOn, [`${name}_SEND_FULL`]: "false" }).map((m) => m.kind);
    assert.deepEqual(kinds(own), ["basic"]);
    assert.deepEqual(kinds(other), ["basic", "full"]);
  });
}

test("sends nothing of a success unless it is asked for", () => {
  assert.deepEqual(topicsOf(taskEvent({ type: "sense.task.succeeded" })), []);
  assert.deepEqual(topicsOf(taskEvent({ type: "sense.task.succeeded" }), { TASK_SUCCESS_SEND_FULL: "true" }), [
    "qliksense/task_success_full",
  ]);
});

for (const status of ["start", "error", "stop"] as const) {
  test(`sends ${status} of the UDP server to TASK_FAILURE_SERVER_STATUS_TOPIC`, () => {
    const userProperties = { eventId: `ingest.status:${status}`, eventType: "sense.ingest.status" };
    const topic = "qliksense/butler/task_failure_server";
    assert.deepEqual(messagesOf(statusEvent(status)), [
      { kind: "status", topic, payload: status, contentType: text, userProperties },
    ]);
    assert.deepEqual(topicsOf(statusEvent(status), { TASK_FAILURE_SERVER_STATUS_TOPIC: "s" }), ["s"]);
  });
}

test("sends nothing of a distribution or of the engine", () => {
  assert.deepEqual(messagesOf(taskEvent({ type: "sense.task.distributed" }), successOn), []);
  assert.deepEqual(messagesOf(engineEvent(), successOn), []);
});

test("sends nothing when the topics are off", () => {
  const off = { basic: undefined, full: undefined };
  const tasks = {
    "sense.task.failed": off,
    "sense.task.aborted": off,
    "sense.task.succeeded": off,
    "sense.task.distributed": off,
  };
  for (const event of [taskEvent(), statusEvent("start")]) {
    const composed = composeMessages(event, { tasks, serverStatus: undefined });
    assert.deepEqual(composed, { ok: true, messages: [] });
  }
});

test("fills in the placeholders of both topics from the event", () => {
  const placeholders =
    "{hostName}/{taskName}/{taskId}/{appName}/{appId}/{executionId}/{eventType}/{userId}/{userDirectory}";
  const env = { TASK_FAILURE_TOPIC: `basic/${placeholders}`, TASK_FAILURE_FULL_TOPIC: `full/${placeholders}` };
  const event = taskEvent({ data: { taskName: "Sales/EU +1" } });
  const filled = `pro2-win1/Sales_EU _1/${event.data.taskId}/Test failing reloads 1/${event.data.appId}/${event.data.executionId}/sense.task.failed/goran/LAB`;
  assert.deepEqual(topicsOf(event, env), [`basic/${filled}`, `full/${filled}`]);
  assert.equal(messagesOf(event, env)[0]?.payload, "Sales/EU +1");
});

for (const name of ["TASK_FAILURE_TOPIC", "TASK_FAILURE_FULL_TOPIC"]) {
  test(`says so when a task name makes the topic of ${name} too long`, () => {
    const topics = alertTopicsOf(readSettings({ [name]: "x/{taskName}" }));
    const composed = composeMessages(taskEvent({ data: { taskName: "n".repeat(65_534) } }), topics);
    assert.deepEqual(composed, { ok: false, reason: "topic-too-long" });
  });
}

for (const [what, changes] of [
  ["an id longer than MQTT carries", { id: "x".repeat(65_536) }],
  ["a NUL in its id", { id: "a\0b" }],
  ["a control character in its task id", { data: { taskId: "a\u0085b" } }],
  ["half a surrogate pair in its trace context", { traceparent: "a\ud800" }],
] as const) {
  test(`says so when an event has ${what}, which would break the connection`, () => {
    const composed = composeMessages(taskEvent(changes), alertTopicsOf(readSettings({})));
    assert.deepEqual(composed, { ok: false, reason: "user-property-invalid" });
  });
}

test("sends the trace context as a user property when the event has one", () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const messages = messagesOf(taskEvent({ traceparent }));
  assert.deepEqual(
    messages.map(({ userProperties }) => userProperties["traceparent"]),
    [traceparent, traceparent],
  );
});

test("replaces the blanks in values, and in nothing else, with TOPIC_SPACE_REPLACEMENT", () => {
  const env = { TASK_FAILURE_TOPIC: "my alerts/{taskName}", TOPIC_SPACE_REPLACEMENT: "_" };
  const [basic] = messagesOf(taskEvent({ data: { taskName: "Sales  EU\u00a01" } }), env);
  assert.deepEqual([basic?.topic, basic?.payload], ["my alerts/Sales__EU_1", "Sales  EU\u00a01"]);
});

test("sends an empty text for a task without a name, and does not have the broker retain it", () => {
  const [basic, full] = messagesOf(taskEvent({ data: { taskName: "" } }), { MQTT_RETAIN: "true" });
  assert.deepEqual([basic?.payload, basic?.retain, full?.retain], ["", false, undefined]);
});

test("has smaller and smaller full messages, on the same topic and with the same properties, until nothing is left to leave out", () => {
  const enrichment = { kind: "complete", task, app, execution, scriptLogTail: ["the end"] } as const;
  const composed = composeFull(taskEvent(), alertTopicsOf(readSettings({})), { enrichment });
  assert.ok(composed.ok && composed.message !== undefined);
  const all: AlertMessage[] = [composed.message];
  for (let next = composed.message.smaller; next !== undefined; next = all.at(-1)?.smaller) all.push(next());
  const truncated = all.map(({ payload }) => JSON.parse(payload).truncated);
  const metadata = ["qs_appMetadata", "qs_taskMetadata"];
  assert.deepEqual(truncated, [undefined, ["scriptLogTail"], ["scriptLogTail", ...metadata]]);
  const besides = ({ payload, smaller, ...rest }: AlertMessage) => rest;
  for (const one of all) assert.deepEqual(besides(one), besides(composed.message));
});

test("keeps every character of a task name on its way through the bus", () => {
  const taskName = 'Försäljning; "Q1" \\ 日本 🤪\u2028';
  const decoded = decodeEvent(encodeEvent(taskEvent({ data: { taskName } })));
  assert(decoded.ok);
  const [basic, full] = messagesOf(decoded.event);
  assert.equal(basic?.payload, taskName);
  assert.equal(JSON.parse(full?.payload ?? "").taskName, taskName);
});
