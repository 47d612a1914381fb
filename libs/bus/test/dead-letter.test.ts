import assert from "node:assert/strict";
import { test } from "node:test";
import { deadLetter } from "../src/dead-letter.js";

const event = {
  stream: "SENSE_EVENTS",
  key: "17-1732350000123456789",
  subject: "acme.task.failed",
  sequence: 17,
  deliveries: 3,
  bytes: Buffer.from([0, 255, 10, 13]),
};

test("keeps the bytes of the event and says in headers what it was and why it is here", () => {
  assert.deepEqual(deadLetter(event, "not-json", "acme"), {
    subject: "acme.dead-letter",
    id: "dead:SENSE_EVENTS:17-1732350000123456789",
    payload: event.bytes,
    headers: {
      "Sense-Reason": "not-json",
      "Sense-Subject": "acme.task.failed",
      "Sense-Sequence": "17",
      "Sense-Deliveries": "3",
    },
  });
});
