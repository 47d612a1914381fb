import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type IncomingRequest, parseRequest } from "../../src/task-start/start-request.js";
import { decodeRequest, encodeRequest, identify } from "../../src/task-start/stored-request.js";

const taskId = "5a4d2f0e-6f0b-4b1c-9d35-0f6f3c8f7a11";

function incoming(payload: string | Uint8Array, changes: Partial<IncomingRequest> = {}): IncomingRequest {
  return {
    payload: Buffer.from(payload),
    retained: false,
    responseTopic: undefined,
    correlationData: undefined,
    userProperties: [],
    ...changes,
  };
}

for (const [payload, requestId] of [
  [taskId, undefined],
  [` \ufeff${taskId.toUpperCase()}\r\n`, undefined],
  [`{${taskId}}`, undefined],
  [JSON.stringify({ taskId }), undefined],
  [JSON.stringify({ taskId: ` {${taskId}} `, requestId: "ö 1", more: [1] }), "ö 1"],
  [JSON.stringify({ taskId, requestId: null }), undefined],
] as const) {
  test(`takes ${JSON.stringify(payload)}`, () => {
    assert.deepEqual(parseRequest(incoming(payload)), { ok: true, taskId, requestId });
  });
}

for (const [payload, problem] of [
  ["", "empty"],
  [" \n", "empty"],
  [`${taskId}}`, "not-a-guid"],
  [`{${taskId}`, "bad-json"],
  [`${taskId} x`, "not-a-guid"],
  [`[${taskId}]`, "not-a-guid"],
  ["{}", "not-a-guid"],
  ["{", "bad-json"],
  [JSON.stringify({ taskId, requestId: "" }), "bad-request-id"],
  [JSON.stringify({ taskId, requestId: 7 }), "bad-request-id"],
  [JSON.stringify({ taskId, requestId: "x".repeat(129) }), "bad-request-id"],
  ["x".repeat(1_025), "too-long"],
  [Buffer.from([0xff, 0xfe]), "not-utf8"],
] as const) {
  test(`refuses ${JSON.stringify(String(payload).slice(0, 60))} as ${problem}`, () => {
    const parsed = parseRequest(incoming(payload));
    assert.equal(parsed.ok ? "taken" : parsed.problem, problem);
  });
}

test("refuses properties that are too large, and keeps none of them", () => {
  const large = incoming(taskId, { userProperties: [["who", "x".repeat(4_097)]], correlationData: Buffer.from("c") });
  const { request } = identify(large, new Date(0));
  assert.equal(request.problem, "properties-too-large");
  assert.deepEqual([request.userProperties, request.correlationData], [[], null]);
});

test("whatever comes is read or refused, and what is stored of it is read back", () => {
  const request = fc.record({
    payload: fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from)),
    retained: fc.boolean(),
    responseTopic: fc.option(fc.string(), { nil: undefined }),
    correlationData: fc.option(fc.uint8Array(), { nil: undefined }),
    userProperties: fc.array(fc.tuple(fc.string(), fc.string())),
  });
  fc.assert(
    fc.property(request, (given) => {
      const stored = identify(given, new Date()).request;
      assert.deepEqual(decodeRequest(encodeRequest(stored)), stored);
    }),
  );
});

test("a request has one identity on every replica; payload, response topic and correlation data make it", () => {
  const idOf = (request: IncomingRequest) => identify(request, new Date()).id;
  assert.equal(idOf(incoming(taskId)), idOf(incoming(taskId, { userProperties: [["a", "b"]] })));
  const others = [
    incoming(` ${taskId}`),
    incoming(taskId, { responseTopic: "a" }),
    incoming(taskId, { correlationData: Buffer.from("a") }),
  ];
  assert.equal(new Set([incoming(taskId), ...others].map(idOf)).size, 4);
});

test("a request with an id is known by it and its task, for ever", () => {
  const named = (id: string, task = taskId) =>
    identify(incoming(JSON.stringify({ taskId: task, requestId: id })), new Date());
  assert.equal(named("1").request.key, named("1", taskId.toUpperCase()).request.key);
  assert.notEqual(named("1").id, named("2").id);
  assert.notEqual(named("1").id, named("1", "00000000-0000-0000-0000-000000000001").id);
  const bare = () => identify(incoming(taskId), new Date()).request.key;
  assert.notEqual(bare(), bare());
});

for (const bytes of ["", "null", "{}", '{"key":"a b","requestId":"r","userProperties":[],"receivedAt":"x"}']) {
  test(`reads no stored request from ${bytes || "nothing"}`, () => {
    assert.equal(decodeRequest(Buffer.from(bytes)), undefined);
  });
}
