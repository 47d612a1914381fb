import assert from "node:assert/strict";
import { test } from "node:test";
import { deadLetter, shortened } from "../../src/consumer/dead-letter.js";

const from = { stream: "SENSE_EVENTS", durable: "alerter-full", subjectPrefix: "acme" };
const event = {
  key: "17-1732350000123456789",
  subject: "acme.task.failed",
  sequence: 17,
  deliveries: 3,
  bytes: Buffer.from([0, 255, 10, 13]),
};

test("keeps the bytes of the event and says in headers what it was and why it is here", () => {
  assert.deepEqual(deadLetter(from, event, "not-json"), {
    subject: "acme.dead-letter",
    id: "dead:SENSE_EVENTS:alerter-full:17-1732350000123456789",
    payload: event.bytes,
    headers: {
      "Sense-Reason": "not-json",
      "Sense-Consumer": "alerter-full",
      "Sense-Subject": "acme.task.failed",
      "Sense-Sequence": "17",
      "Sense-Deliveries": "3",
    },
  });
});

test("goes on with the trace context that the event came with", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  assert.equal(deadLetter(from, { ...event, traceparent }, "not-json").headers?.["traceparent"], traceparent);
});

test("is shortened to its beginning, then to nothing, and says how much there was", () => {
  const letter = deadLetter(from, { ...event, bytes: Buffer.alloc(5_000, "x") }, "packet-too-large");
  const head = shortened(letter);
  assert.equal(head.payload.length, 1_024);
  assert.deepEqual(head.headers, { ...letter.headers, "Sense-Payload-Bytes": "5000" });
  const bare = shortened(head);
  assert.equal(bare.payload.length, 0);
  assert.deepEqual([bare.headers, bare.id], [head.headers, letter.id]);
});
