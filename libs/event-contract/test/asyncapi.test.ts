import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Parser } from "@asyncapi/parser";
import { z } from "zod";
import { decodeEvent, encodeEvent } from "../src/codec.js";
import { type SenseEvent, senseEventSchema } from "../src/event.js";
import { eventId } from "../src/event-id.js";
import { deadLetterSubject, defaultSubjectPrefix, eventTypes, rejectedSubject } from "../src/subjects.js";

/** As much of JSON Schema as the tests look into; what else it has is compared as it stands. */
interface Schema {
  readonly type?: unknown;
  readonly format?: unknown;
  readonly description?: unknown;
  readonly allOf?: Schema[];
  readonly items?: Schema;
  readonly required?: string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Keywords that only describe. */
const annotations = ["$schema", "description", "examples"];

const { document, diagnostics } = await new Parser().parse(
  await readFile(new URL("../../asyncapi.yaml", import.meta.url), "utf8"),
);

const otherSubjects = [rejectedSubject(defaultSubjectPrefix), deadLetterSubject(defaultSubjectPrefix)];

/** The one message that the document has on a subject. */
function messageOn(subject: string) {
  const messages =
    document
      ?.channels()
      .all()
      .find((channel) => channel.address() === subject)
      ?.messages()
      .all() ?? [];
  assert.equal(messages.length, 1, `${subject} has ${messages.length} messages in asyncapi.yaml, and should have one`);
  const [message] = messages;
  assert(message);
  return message;
}

function examplesOn(subject: string) {
  return messageOn(subject)
    .examples()
    .all()
    .map((example) => ({ name: example.name(), headers: example.headers(), payload: example.payload() }));
}

/** What a schema demands, to be compared: `allOf` merged, `required` sorted, nothing that only describes. */
function demands({ allOf = [], required, properties, items, ...rest }: Schema): Schema {
  const own = Object.fromEntries(
    Object.entries(rest).filter(
      ([keyword]) =>
        !annotations.includes(keyword) &&
        !keyword.startsWith("x-") &&
        !(keyword === "pattern" && rest.format !== undefined),
    ),
  );
  const parts = allOf.map(demands);
  const merged: Schema = Object.assign({}, ...parts, own, items === undefined ? {} : { items: demands(items) });
  if (merged.type !== "object") return merged;
  const ownProperties = Object.entries(properties ?? {}).map(([name, schema]) => [name, demands(schema)]);
  return {
    ...merged,
    required: [...(required ?? []), ...parts.flatMap((part) => part.required ?? [])].sort(),
    properties: Object.assign({}, ...parts.map((part) => part.properties), Object.fromEntries(ownProperties)),
  };
}

/** What the code demands of an event of one type. */
function demandsInCode(type: string): Schema {
  const option = senseEventSchema.options.find((candidate) => candidate.shape.type.safeParse(type).success);
  assert(option, `no schema takes ${type}`);
  const schema = demands(z.toJSONSchema(option, { io: "input", target: "draft-7" }) as Schema);
  return Object.assign(schema, { properties: { ...schema.properties, type: { type: "string", const: type } } });
}

/** The path of each property that does not say what it holds. */
function undescribed({ allOf = [], properties = {} }: Schema, path = ""): string[] {
  const here = Object.entries(properties).flatMap(([name, schema]) => [
    ...(typeof schema.description === "string" ? [] : [`${path}${name}`]),
    ...undescribed(schema, `${path}${name}.`),
  ]);
  return [...allOf.flatMap((part) => undescribed(part, path)), ...here];
}

test("asyncapi.yaml is a sound AsyncAPI document", () => {
  assert.deepStrictEqual(
    diagnostics.map(({ message, path }) => `${path.join(".")}: ${message}`),
    [],
  );
  assert(document);
});

test("asyncapi.yaml has a channel for every event type, for rejected datagrams and for dead letters", () => {
  const addresses = document
    ?.channels()
    .all()
    .map((channel) => channel.address());
  assert.deepStrictEqual(addresses, [...eventTypes, ...otherSubjects]);
});

test("asyncapi.yaml puts every channel in the stream that it names, and no other subject", () => {
  const streams = document?.json<Record<string, Record<string, { subjects: string[] }>>>()["x-streams"] ?? {};
  const inStreams = Object.entries(streams).flatMap(([stream, { subjects }]) =>
    subjects.map((subject) => ({ subject, stream })),
  );
  const inChannels = document
    ?.channels()
    .all()
    .map((channel) => ({ subject: channel.address(), stream: channel.extensions().get("x-stream")?.value() }));
  assert.deepStrictEqual(inStreams, inChannels);
});

test("asyncapi.yaml has udp-ingest send all but the dead letters, and mqtt-alerter receive every event", () => {
  const operations = document?.operations().all() ?? [];
  const subjects = (service: string, action: string) =>
    operations
      .filter((operation) => operation.action() === action && operation.tags().has(service))
      .flatMap((operation) =>
        operation
          .channels()
          .all()
          .map((channel) => channel.address()),
      );
  const [rejected, deadLetter] = otherSubjects;
  assert.deepStrictEqual(subjects("udp-ingest", "send"), [...eventTypes, rejected]);
  assert.deepStrictEqual(subjects("mqtt-alerter", "receive"), eventTypes);
  assert.deepStrictEqual(subjects("mqtt-alerter", "send"), [deadLetter]);
  assert.equal(operations.length, 2 * eventTypes.length + 2);
});

for (const type of eventTypes) {
  test(`asyncapi.yaml describes the payload of ${type} as the code checks it`, () => {
    const payload = messageOn(type).payload()?.json<Schema>();
    assert(payload);
    assert.deepStrictEqual(demands(payload), demandsInCode(type));
  });

  test(`asyncapi.yaml describes each field of ${type}`, () => {
    const payload = messageOn(type).payload()?.json<Schema>();
    assert(payload);
    assert.deepStrictEqual(undescribed(payload), []);
  });

  test(`each example of ${type} in asyncapi.yaml is an event of that type, under its own id`, () => {
    const examples = examplesOn(type);
    assert.notEqual(examples.length, 0);
    for (const { name, headers, payload } of examples) {
      const event = payload as unknown as SenseEvent;
      assert.deepStrictEqual(decodeEvent(encodeEvent(event)), { ok: true, event }, name);
      assert.equal(event.type, type, name);
      assert.deepStrictEqual(headers, { "Nats-Msg-Id": event.id }, name);
      if ("executionId" in event.data && event.data.executionId !== "") {
        assert.equal(event.id, eventId(event.type, event.data.taskId, event.data.executionId, Buffer.of()), name);
      }
    }
  });
}

for (const subject of otherSubjects) {
  test(`each example of ${subject} in asyncapi.yaml has the headers that it requires, and none that it does not know`, () => {
    const { required = [], properties = {} } = demands(messageOn(subject).headers()?.json<Schema>() ?? {});
    assert.notEqual(required.length, 0);
    const examples = examplesOn(subject);
    assert.notEqual(examples.length, 0);
    for (const { name, headers = {} } of examples) {
      const missing = required.filter((header) => !(header in headers));
      const unknown = Object.keys(headers).filter((header) => !(header in properties));
      assert.deepStrictEqual({ missing, unknown }, { missing: [], unknown: [] }, name);
    }
  });
}

test("each example of a dead letter in asyncapi.yaml cannot be decoded, for the reason in its header", () => {
  for (const { name, headers, payload } of examplesOn(deadLetterSubject(defaultSubjectPrefix))) {
    const decoded = decodeEvent(Buffer.from(JSON.stringify(payload)));
    assert(!decoded.ok, name);
    assert.equal(headers?.["Sense-Reason"], decoded.reason, name);
  }
});
