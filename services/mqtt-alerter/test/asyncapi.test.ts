import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Parser } from "@asyncapi/parser";
import type { SenseEvent } from "@sense-alerts/event-contract";
import { Ajv } from "ajv";
import { type AlertMessage, composeMessages } from "../src/alerts/alert-messages.js";
import { alertTopicsOf } from "../src/alerts/alert-topics.js";
import type { Enrichment } from "../src/alerts/enrichment.js";
import { readSettings, spec } from "../src/settings.js";
import { parseRequest } from "../src/task-start/start-request.js";
import { failed, refused, resultMessage, started } from "../src/task-start/start-result.js";
import type { StoredRequest } from "../src/task-start/stored-request.js";
import { app, execution, task } from "./fixtures/repository.js";

/** As much of JSON Schema as the tests look into. */
interface Schema {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly description?: string;
}

async function parseDocument(path: string) {
  const text = await readFile(new URL(path, import.meta.url), "utf8");
  const { document, diagnostics } = await new Parser().parse(text);
  const problems = diagnostics.map(({ message, path: at }) => `${at.join(".")}: ${message}`);
  return { channels: document?.channels().all() ?? [], operations: document?.operations().all() ?? [], problems };
}

type Channels = Awaited<ReturnType<typeof parseDocument>>["channels"];

const { channels, operations, problems } = await parseDocument("../../asyncapi.yaml");
const events = await parseDocument("../../../../libs/event-contract/asyncapi.yaml");
// Formats and what AsyncAPI adds are not of interest here.
const ajv = new Ajv({ strict: false, validateFormats: false });

/** The one message of a channel, with its examples. */
function messageOn(all: Channels, address: string) {
  const [message, ...others] =
    all
      .find((channel) => channel.address() === address)
      ?.messages()
      .all() ?? [];
  assert(message !== undefined && others.length === 0, `${address} should have one message`);
  return {
    contentType: message.contentType(),
    headers: message.headers()?.json<Schema>(),
    payload: message.payload()?.json<Schema>(),
    examples: message
      .examples()
      .all()
      .map((example) => ({ name: example.name(), headers: example.headers(), payload: example.payload() as unknown })),
  };
}

const settings = readSettings({ TASK_SUCCESS_TOPIC: "qliksense/task_success", TASK_SUCCESS_SEND_FULL: "true" });

const scriptLogTail = ["Error: Field 'Region' not found", "Execution Failed", "Execution finished."];
const complete: Enrichment = { kind: "complete", task, app, execution, scriptLogTail };

/** Examples that are not named after the event they come of. `reductions`: how often the message was made smaller. */
const enriched: Readonly<Record<string, { readonly enrichment: Enrichment; readonly reductions?: number }>> = {
  withQrs: { enrichment: complete },
  qrsPartial: { enrichment: { kind: "partial", task, app } },
  reduced: { enrichment: complete, reductions: 2 },
  qrsUnavailable: { enrichment: { kind: "unavailable" } },
};

/** What comes on this topic of the event's example of that name. */
function composed(subject: string, topic: string, name: string): AlertMessage | undefined {
  const { enrichment, reductions = 0 } = enriched[name] ?? {};
  const { examples } = messageOn(events.channels, subject);
  const event = examples.find((example) => example.name === (enrichment === undefined ? name : "reload"))?.payload;
  assert(event !== undefined, `${subject} has no example ${name}`);
  const all = composeMessages(
    event as SenseEvent,
    alertTopicsOf(settings),
    enrichment === undefined ? {} : { enrichment },
  );
  assert(all.ok);
  let message = all.messages.find((one) => one.topic === topic);
  for (let step = 0; step < reductions; step++) message = message?.smaller?.();
  return message;
}

test("asyncapi.yaml is a sound AsyncAPI document", () => {
  assert.deepEqual(problems, []);
});

test("asyncapi.yaml has a channel for every topic that is a setting, under its default", () => {
  const inDocument = channels.map((channel) => [
    channel.extensions().get("x-setting")?.value<string>(),
    channel.address(),
  ]);
  const inCode = Object.entries(spec)
    .filter(([name]) => name.endsWith("_TOPIC") && name !== "SUBSCRIPTION_ROOT_TOPIC")
    .map(([name, { writtenDefault, example }]) => [name, writtenDefault ?? example]);
  assert.deepEqual(inDocument.toSorted(), inCode.toSorted());
});

test("asyncapi.yaml gives each operation the QoS and the retain flag that it has by default", () => {
  const { MQTT_QOS: qos, MQTT_RETAIN: retain } = readSettings({});
  assert.equal(operations.length, channels.length);
  for (const operation of operations) {
    const [binding] = operation.bindings().all();
    const id = operation.id();
    const retained = { sendAlerterStatus: { retain: true }, receiveStartRequest: {} }[id ?? ""] ?? { retain };
    assert.deepEqual(binding?.value(), { qos, ...retained }, id);
  }
});

for (const channel of channels) {
  const topic = channel.address() ?? "";
  test(`each example on ${topic} is as asyncapi.yaml describes it`, () => {
    const { headers = {}, payload = {}, examples } = messageOn(channels, topic);
    assert.notEqual(examples.length, 0);
    for (const example of examples) {
      assert(ajv.validate(payload, example.payload), `${example.name}: ${ajv.errorsText()}`);
      assert(ajv.validate(headers, example.headers ?? {}), `${example.name}: ${ajv.errorsText()}`);
    }
  });
}

for (const [subject, ...topics] of [
  ["sense.task.failed", "qliksense/task_failure", "qliksense/task_failure_full"],
  ["sense.task.aborted", "qliksense/task_aborted", "qliksense/task_aborted_full"],
  ["sense.task.succeeded", "qliksense/task_success", "qliksense/task_success_full"],
  ["sense.ingest.status", "qliksense/butler/task_failure_server"],
] as const) {
  for (const topic of topics) {
    test(`each example on ${topic} is what is made of the example of ${subject}, to the letter`, () => {
      const { contentType, examples } = messageOn(channels, topic);
      for (const { name = "", headers, payload } of examples) {
        const message = composed(subject, topic, name);
        const text = typeof payload === "string" ? payload : JSON.stringify(payload);
        assert.equal(text, message?.payload, name);
        assert.deepEqual(headers, message?.userProperties, name);
        assert.equal(contentType, message?.contentType);
      }
    });
  }
}

test("asyncapi.yaml describes every field of the full message, and requires those that are always there", () => {
  const { payload, examples } = messageOn(channels, "qliksense/task_failure_full");
  const fields = examples.map((example) => Object.keys(example.payload as object));
  const described = Object.entries(payload?.properties ?? {});
  assert.deepEqual(described.map(([name]) => name).toSorted(), [...new Set(fields.flat())].toSorted());
  const always = fields.flat().filter((name) => fields.every((names) => names.includes(name)));
  assert.deepEqual(payload?.required?.toSorted(), [...new Set(always)].toSorted());
  for (const [name, { description }] of described) assert(description, name);
});

test("each request in asyncapi.yaml is one", () => {
  const given = { retained: false, responseTopic: undefined, correlationData: undefined, userProperties: [] };
  for (const { name, payload } of messageOn(channels, "qliksense/start_task").examples) {
    const bytes = Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload));
    const wanted = typeof payload === "string" ? { taskId: payload, requestId: undefined } : (payload as object);
    assert.deepEqual(parseRequest({ ...given, payload: bytes }), { ok: true, ...wanted }, name);
  }
});

test("each answer in asyncapi.yaml is what is sent, to the letter", () => {
  const { contentType, examples } = messageOn(channels, "qliksense/start_task/result");
  const request: StoredRequest = {
    key: "id-1",
    requestId: "planner-4711",
    taskId: task.id,
    problem: null,
    receivedAt: "2024-04-12T05:33:03.561Z",
    responseTopic: null,
    correlationData: null,
    userProperties: [],
  };
  const tooLate = "it waited 300 seconds in vain: the Qlik Repository Service cannot be reached";
  const results = [
    started(request, "c073f112-4318-4d1f-ae82-14492aa0c35f"),
    refused(request, "not-allowed"),
    failed(request, "too-late", tooLate),
  ];
  const messages = results.map((result) => resultMessage(request, result, "qliksense/start_task/result"));
  assert.deepEqual(
    examples.map(({ payload }) => JSON.stringify(payload)),
    messages.map(({ payload }) => payload),
  );
  assert.equal(contentType, messages[0]?.contentType);
});
