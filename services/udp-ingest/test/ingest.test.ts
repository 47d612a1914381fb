import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEvent } from "@sense-alerts/event-contract";
import { failedTask } from "./failed-task.js";
import { ingestAt, startMs, unreadable } from "./ingest-at.js";

test("makes an event of a datagram and sends it on", (t) => {
  const { ingest, events, rejected } = ingestAt(t);
  ingest.receive(Buffer.from("a failed task"), "10.0.0.5", 51_834, Date.now());
  assert.deepEqual(rejected, []);
  assert.deepEqual(
    events.map(({ type, id, subject }) => ({ type, id, subject })),
    [{ type: "sense.task.failed", id: failedTask.id, subject: "sense.task.failed" }],
  );
});

test("gives the reader the bytes, the sender, the time and a trace context of their own", (t) => {
  const { ingest, asked } = ingestAt(t, { allows: () => true });
  const bytes = Buffer.from("a failed task");
  ingest.receive(bytes, "10.0.0.5", 51_834, Date.now());
  ingest.receive(bytes, "10.0.0.5", 51_834, Date.now());
  const datagrams = asked.filter((question) => typeof question === "object");
  for (const { traceparent, ...rest } of datagrams) {
    assert.deepEqual(rest, { bytes, address: "10.0.0.5", port: 51_834, receivedAtMs: startMs });
    assert.match(traceparent, /^00-/);
  }
  assert.equal(new Set(datagrams.map(({ traceparent }) => traceparent)).size, 2);
});

test("judges the sender first, then the size, then what is in it", (t) => {
  const { ingest, reasons, asked, events } = ingestAt(t);
  const large = Buffer.alloc(101);
  ingest.receive(large, "192.0.2.1", 1, Date.now());
  ingest.receive(large, "10.0.0.5", 1, Date.now());
  assert.deepEqual(asked, ["192.0.2.1", "10.0.0.5"], "the reader is not asked about either");
  ingest.receive(unreadable, "10.0.0.5", 1, Date.now());
  assert.deepEqual(reasons, ["source-not-allowed", "too-large", "too-short"]);
  assert.deepEqual(events, []);
});

test("takes a datagram of exactly the largest size", (t) => {
  const { ingest, events, reasons } = ingestAt(t);
  ingest.receive(Buffer.alloc(100), "10.0.0.5", 1, Date.now());
  assert.equal(events.length, 1);
  assert.deepEqual(reasons, []);
});

test("sends each rejected datagram on as it came, with its reason, under an id of its own", (t) => {
  const { ingest, rejected } = ingestAt(t, { subjectPrefix: "acme" });
  ingest.receive(unreadable, "10.0.0.5", 51_834, Date.now());
  ingest.receive(unreadable, "10.0.0.5", 51_834, Date.now());
  assert.equal(new Set(rejected.map(({ id }) => id)).size, 2);
  for (const { subject, payload, headers: { traceparent, ...headers } = {} } of rejected) {
    assert.equal(subject, "acme.rejected");
    assert.deepEqual(payload, unreadable);
    assert.deepEqual(headers, {
      "Sense-Reason": "too-short",
      "Sense-Source": "10.0.0.5:51834",
      "Sense-Received-At": "2024-04-12T05:33:03.561Z",
      "Sense-Instance": "ingest-1",
    });
    assert.match(traceparent ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  }
});

test("tells in the warning the trace context that the rejected datagram goes on with", (t) => {
  const { ingest, rejected, warnings } = ingestAt(t);
  ingest.receive(unreadable, "10.0.0.5", 51_834, Date.now());
  assert.equal(rejected.length, 1);
  assert.deepEqual(
    warnings.map(({ traceparent }) => traceparent),
    rejected.map(({ headers }) => headers?.["traceparent"]),
  );
});

test("does not repeat the ids of rejected datagrams after a restart", (t) => {
  const before = ingestAt(t);
  before.ingest.receive(unreadable, "10.0.0.5", 1, Date.now());
  t.mock.timers.reset();
  const after = ingestAt(t);
  after.ingest.receive(unreadable, "10.0.0.5", 1, Date.now());
  assert.notEqual(before.rejected[0]?.id, after.rejected[0]?.id);
});

test("tells how the socket fares as events, each with an id of its own", (t) => {
  const { ingest, events, reported } = ingestAt(t, { subjectPrefix: "acme" });
  ingest.report("start", "0.0.0.0", 9998, "");
  ingest.report("error", "::", 9998, "bind EADDRINUSE :::9998");
  ingest.report("start", "::", 9998, "");
  ingest.report("stop", "::", 9998, "");
  assert.equal(reported(), 4);
  assert.deepEqual(
    events.map(({ subject, type }) => [subject, type]),
    Array(4).fill(["acme.ingest.status", "sense.ingest.status"]),
  );
  const sent = events.map(({ id, payload }) => {
    const decoded = decodeEvent(payload);
    assert(decoded.ok);
    assert.equal(decoded.event.id, id);
    assert.equal(decoded.event.source, "/udp-ingest/ingest-1");
    assert.equal(decoded.event.time, "2024-04-12T05:33:03.561Z");
    return decoded.event.data;
  });
  assert.deepEqual(sent, [
    { status: "start", address: "0.0.0.0", port: 9998, reason: "" },
    { status: "error", address: "::", port: 9998, reason: "bind EADDRINUSE :::9998" },
    { status: "start", address: "::", port: 9998, reason: "" },
    { status: "stop", address: "::", port: 9998, reason: "" },
  ]);
  assert.equal(new Set(events.map(({ id }) => id)).size, 4);
});
