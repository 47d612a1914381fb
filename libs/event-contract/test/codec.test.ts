import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudEvent, HTTP } from "cloudevents";
import fc from "fast-check";
import { decodeEvent, encodeEvent } from "../src/codec.js";
import type { TaskEvent } from "../src/event.js";
import { anyEvent } from "./arbitrary-event.js";

const failed: TaskEvent = {
  specversion: "1.0",
  id: "task.failed:22b106a8-e7ed-4466-b700-014f060bef16:c073f112-4318-4d1f-ae82-14492aa0c35f",
  source: "/udp-ingest/udp-ingest-0",
  type: "sense.task.failed",
  time: "2024-04-12T05:33:03.561Z",
  datacontenttype: "application/json",
  data: {
    hostName: "pro2-win1",
    user: "LAB\\goran",
    taskName: "Reload försäljning – 日本 🤪",
    taskId: "22b106a8-e7ed-4466-b700-014f060bef16",
    appName: "Übersicht",
    appId: "8f1d1ecf-97a6-4eb5-8f47-f9156300b854",
    logTimeStamp: "2024-04-12 07:33:03,508",
    logLevel: "INFO",
    executionId: "c073f112-4318-4d1f-ae82-14492aa0c35f",
    logMessage: "Max retries reached\r\n   at Scheduler.Run()\r\n",
    userDirectory: "LAB",
    userId: "goran",
    logTimeStampUtc: null,
    sourceAddress: "10.0.4.21",
    sourcePort: 51834,
    wireFormat: "S1",
  },
};

function decodeJson(value: unknown) {
  return decodeEvent(Buffer.from(JSON.stringify(value)));
}

function decodeFailure(bytes: Uint8Array) {
  const decoded = decodeEvent(bytes);
  assert(!decoded.ok, "decoded, and should not have");
  return decoded;
}

test("decodes what it encoded, whatever the text", () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      assert.deepStrictEqual(decodeEvent(encodeEvent(event)), { ok: true, event });
    }),
  );
});

test("decodes a view into a larger buffer", () => {
  const bytes = encodeEvent(failed);
  const buffer = Buffer.concat([Buffer.from("before"), bytes, Buffer.from("after")]);
  const view = new Uint8Array(buffer.buffer, buffer.byteOffset + 6, bytes.byteLength);
  assert.deepStrictEqual(decodeEvent(view), { ok: true, event: failed });
});

test("encodes an event as a CloudEvent that the CloudEvents SDK accepts", () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      const body = Buffer.from(encodeEvent(event)).toString("utf8");
      const received = HTTP.toEvent({ headers: { "content-type": "application/cloudevents+json" }, body });
      assert(received instanceof CloudEvent);
      assert.equal(received.validate(), true);
      assert.deepStrictEqual(JSON.parse(received.toString()), event);
    }),
  );
});

test("never throws, whatever the bytes", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((json) => Buffer.from(json)),
      ),
      (bytes) => {
        const decoded = decodeFailure(bytes);
        assert(["not-json", "unknown-type", "invalid-event"].includes(decoded.reason));
        assert.notEqual(decoded.detail, "");
      },
    ),
  );
});

test("never throws, whatever stands in a field of an event", () => {
  fc.assert(
    fc.property(
      anyEvent.chain((event) => fc.tuple(fc.constant(event), fc.constantFrom(...Object.keys(event)), fc.jsonValue())),
      ([event, key, value]) => {
        const decoded = decodeJson({ ...event, [key]: value });
        assert(decoded.ok || decoded.detail.length > 0);
      },
    ),
  );
});

for (const [what, text] of [
  ["nothing", ""],
  ["text", "Max retries reached"],
  ["half an event", '{"specversion":"1.0"'],
  ["a byte order mark before the event", `\uFEFF${JSON.stringify(failed)}`],
] as const) {
  test(`calls ${what} not-json`, () => {
    const decoded = decodeFailure(Buffer.from(text));
    assert.equal(decoded.reason, "not-json");
    assert.match(decoded.detail, /JSON/);
  });
}

test("calls a type that it does not know unknown-type and names it", () => {
  assert.deepStrictEqual(decodeJson({ ...failed, type: "sense.task.queued" }), {
    ok: false,
    reason: "unknown-type",
    detail: 'type is "sense.task.queued"',
  });
});

for (const [what, value, path] of [
  ["null", null, "event"],
  ["an array", [], "event"],
  ["a missing type", { ...failed, type: undefined }, "type"],
  ["a type that is no text", { ...failed, type: 7 }, "type"],
  ["another version of CloudEvents", { ...failed, specversion: "0.3" }, "specversion"],
  ["an empty id", { ...failed, id: "" }, "id"],
  ["a time without a zone", { ...failed, time: "2024-04-12T07:33:03.561" }, "time"],
  ["missing data", { ...failed, data: undefined }, "data"],
  ["a missing task name", { ...failed, data: { ...failed.data, taskName: undefined } }, "data.taskName"],
  ["a task name of null", { ...failed, data: { ...failed.data, taskName: null } }, "data.taskName"],
  ["a port that no socket has", { ...failed, data: { ...failed.data, sourcePort: 65536 } }, "data.sourcePort"],
  ["ambiguousNames: false", { ...failed, data: { ...failed.data, ambiguousNames: false } }, "data.ambiguousNames"],
  ["a task event with a status for data", { ...failed, data: { status: "start" } }, "data.hostName"],
] as const) {
  test(`calls ${what} invalid-event and says where`, () => {
    const decoded = decodeFailure(Buffer.from(JSON.stringify(value)));
    assert.equal(decoded.reason, "invalid-event");
    assert(decoded.detail.startsWith(`${path}: `), decoded.detail);
  });
}

test("names every wrong field of an invalid event", () => {
  const decoded = decodeFailure(
    Buffer.from(JSON.stringify({ ...failed, id: "", data: { ...failed.data, appId: 7, userId: null } })),
  );
  assert.match(decoded.detail, /^id: .*; data\.appId: .*; data\.userId: /);
});

test("ignores fields that it does not know", () => {
  const newer = { ...failed, dataschema: "urn:x", partitionkey: "p", data: { ...failed.data, taskType: "reload" } };
  assert.deepStrictEqual(decodeJson(newer), { ok: true, event: failed });
});
