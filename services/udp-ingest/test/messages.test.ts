import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEvent } from "@sense-alerts/event-contract";
import { eventMessage, type RejectedDatagram, rejectedMessage } from "../src/messages.js";
import { failedTask } from "./failed-task.js";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const rejected: RejectedDatagram = {
  bytes: Buffer.from([0xff, 0x00, 0x3b]),
  address: "10.0.4.21",
  port: 51_834,
  receivedAtMs: Date.UTC(2024, 3, 12, 5, 33, 3, 561),
  traceparent,
  reason: "too-short",
};

test("sends an event under its type as subject, with its id as message id", () => {
  const message = eventMessage(failedTask, "sense");
  assert.equal(message.subject, "sense.task.failed");
  assert.equal(message.type, "sense.task.failed");
  assert.equal(message.id, failedTask.id);
  assert.deepEqual(decodeEvent(message.payload), { ok: true, event: failedTask });
});

test("moves the subject under another prefix, and leaves the type", () => {
  const message = eventMessage(failedTask, "acme.qlik");
  assert.equal(message.subject, "acme.qlik.task.failed");
  assert.equal(message.type, "sense.task.failed");
});

test("carries the trace context as a header, and no header without one", () => {
  assert.deepEqual(eventMessage({ ...failedTask, traceparent }, "sense").headers, { traceparent });
  assert.equal("headers" in eventMessage(failedTask, "sense"), false);
});

test("sends a rejected datagram as it came, with why, whence and when as headers", () => {
  assert.deepEqual(rejectedMessage(rejected, "rejected:boot:1", "ingest-1", "sense"), {
    subject: "sense.rejected",
    id: "rejected:boot:1",
    payload: rejected.bytes,
    headers: {
      "Sense-Reason": "too-short",
      "Sense-Source": "10.0.4.21:51834",
      "Sense-Received-At": "2024-04-12T05:33:03.561Z",
      "Sense-Instance": "ingest-1",
      traceparent,
    },
  });
});

test("writes an IPv6 source with its address in brackets", () => {
  const message = rejectedMessage({ ...rejected, address: "fd00::5" }, "rejected:boot:1", "ingest-1", "sense");
  assert.equal(message.headers?.["Sense-Source"], "[fd00::5]:51834");
});

test("sends rejected datagrams under another prefix too", () => {
  assert.equal(rejectedMessage(rejected, "rejected:boot:1", "ingest-1", "acme").subject, "acme.rejected");
});
