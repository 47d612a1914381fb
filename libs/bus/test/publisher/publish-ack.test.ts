import assert from "node:assert/strict";
import { test } from "node:test";
import { BusError } from "../../src/index.js";
import { readAck } from "../../src/publisher/publish-ack.js";

function errorOf(text: string): BusError {
  const answer = readAck(Buffer.from(text));
  assert.ok(answer instanceof BusError);
  return answer;
}

test("reads the sequence of a stored message", () => {
  assert.deepEqual(readAck(Buffer.from('{"stream":"S","seq":7}')), { sequence: 7, duplicate: false });
});

test("reads that the message was there already", () => {
  const ack = Buffer.from('{"stream":"S","domain":"hub","seq":7,"duplicate":true}');
  assert.deepEqual(readAck(ack), { sequence: 7, duplicate: true });
});

test("reads bytes from the middle of a larger buffer", () => {
  const bytes = Buffer.from('xx{"seq":7}xx').subarray(2, -2);
  assert.deepEqual(readAck(bytes), { sequence: 7, duplicate: false });
});

test("takes an empty answer for nobody listening to the subject at the moment", () => {
  assert.equal(errorOf("").code, "unavailable");
});

for (const [apiCode, code] of [
  [10008, "unavailable"],
  [10071, "outdated"],
  [10158, "unavailable"],
  [10164, "unavailable"],
] as const) {
  test(`takes the JetStream error ${apiCode} for ${code}`, () => {
    assert.equal(errorOf(`{"error":{"code":500,"err_code":${apiCode},"description":"no"}}`).code, code);
  });
}

test("keeps the number and the words of a refusal", () => {
  const error = errorOf('{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"},"seq":0}');
  assert.equal(error.code, "refused");
  assert.equal(error.apiCode, 10077);
  assert.match(error.message, /maximum bytes exceeded/);
});

test("calls a message that the stream can never take too large", () => {
  const error = errorOf('{"error":{"code":400,"err_code":10054,"description":"message size exceeds maximum allowed"}}');
  assert.equal(error.code, "too-large");
  assert.equal(error.apiCode, 10054);
});

for (const text of ['{"error":null}', '{"error":"no"}', '{"error":{"err_code":"10077"}}']) {
  test(`takes the error ${text} for a refusal without a number`, () => {
    const error = errorOf(text);
    assert.equal(error.code, "refused");
    assert.equal(error.apiCode, undefined);
  });
}

for (const text of ["+OK", "{", "null", "7", "[]", "{}", '{"seq":"7"}']) {
  test(`takes ${text} for no acknowledgement`, () => {
    const error = errorOf(text);
    assert.equal(error.code, "refused");
    assert.match(error.message, /no acknowledgement/);
  });
}
