import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { BusMessage } from "@sense-alerts/bus";
import { decodeEvent } from "@sense-alerts/event-contract";
import type { ReceivedDatagram } from "../src/datagram/datagram.js";
import type { Rejection } from "../src/datagram/rejection.js";
import { createIngest, type Ingest, type IngestOptions } from "../src/ingest.js";
import type { EventMessage } from "../src/messages.js";
import { failedTask } from "./failed-task.js";

const startMs = Date.UTC(2024, 3, 12, 5, 33, 3, 561);
const unreadable = Buffer.from("/scheduler-task-failed/;");

type Recorded = {
  readonly ingest: Ingest;
  readonly events: readonly EventMessage[];
  readonly rejected: readonly BusMessage[];
  readonly reasons: readonly Rejection[];
  readonly warnings: readonly { readonly facts: object; readonly traceparent: unknown; readonly message: string }[];
  readonly asked: readonly (string | ReceivedDatagram)[];
  reported(): number;
};

/** An ingest at a stopped clock, which takes `10.*` and up to 100 bytes, and for which `unreadable` alone is too short. */
function ingestAt(t: TestContext, options: Partial<IngestOptions> = {}): Recorded {
  t.mock.timers.enable({ apis: ["Date"], now: startMs });
  const events: EventMessage[] = [];
  const rejected: BusMessage[] = [];
  const reasons: Rejection[] = [];
  const warnings: { facts: object; traceparent: unknown; message: string }[] = [];
  const asked: (string | ReceivedDatagram)[] = [];
  let reported = 0;
  const ingest = createIngest({
    instance: "ingest-1",
    subjectPrefix: "sense",
    maxDatagramBytes: 100,
    sourceRatePerSecond: undefined,
    allows: (address) => {
      asked.push(address);
      return address.startsWith("10.");
    },
    read: (datagram) => {
      asked.push(datagram);
      return datagram.bytes.equals(unreadable) ? { ok: false, reason: "too-short" } : { ok: true, event: failedTask };
    },
    sendEvent: (message) => events.push(message),
    sendRejected: (message) => rejected.push(message),
    onRead: () => {},
    onRejected: (reason) => reasons.push(reason),
    onReported: () => reported++,
    warn: (told, message) => {
      const { traceparent, ...facts } = { traceparent: undefined, ...told };
      warnings.push({ facts, traceparent, message });
    },
    ...options,
  });
  return { ingest, events, rejected, reasons, warnings, asked, reported: () => reported };
}

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

test("marks the traces of the share that is not to be recorded", (t) => {
  const { ingest, rejected } = ingestAt(t, { sampledShare: 0 });
  ingest.receive(unreadable, "10.0.0.5", 51_834, Date.now());
  assert.match(rejected[0]?.headers?.["traceparent"] ?? "", /-00$/);
});

test("does not repeat the ids of rejected datagrams after a restart", (t) => {
  const before = ingestAt(t);
  before.ingest.receive(unreadable, "10.0.0.5", 1, Date.now());
  t.mock.timers.reset();
  const after = ingestAt(t);
  after.ingest.receive(unreadable, "10.0.0.5", 1, Date.now());
  assert.notEqual(before.rejected[0]?.id, after.rejected[0]?.id);
});

test("counts every rejection once, and warns of the first from a sender in a minute", (t) => {
  const { ingest, reasons, warnings } = ingestAt(t);
  for (let sent = 0; sent < 5; sent++) ingest.receive(unreadable, "10.0.0.5", 51_834, Date.now());
  assert.deepEqual(reasons, Array(5).fill("too-short"));
  const facts = { reason: "too-short", source: "10.0.0.5", port: 51_834, bytes: unreadable.length };
  assert.deepEqual(
    warnings.map(({ facts, message }) => ({ facts, message })),
    [{ facts: { ...facts, heldBack: 0 }, message: "datagram rejected" }],
  );
  t.mock.timers.tick(60_000);
  ingest.receive(unreadable, "10.0.0.5", 51_834, Date.now());
  assert.deepEqual(
    warnings.slice(1).map(({ facts, message }) => ({ facts, message })),
    [{ facts: { ...facts, heldBack: 4 }, message: "datagram rejected" }],
  );
});

test("warns of each sender and each reason by itself, whatever port they come from", (t) => {
  const { ingest, warnings } = ingestAt(t);
  ingest.receive(unreadable, "10.0.0.5", 1, Date.now());
  ingest.receive(unreadable, "10.0.0.5", 2, Date.now());
  ingest.receive(unreadable, "10.0.0.6", 1, Date.now());
  ingest.receive(Buffer.alloc(101), "10.0.0.5", 1, Date.now());
  assert.deepEqual(
    warnings.map(({ facts }) => facts),
    [
      { reason: "too-short", source: "10.0.0.5", port: 1, bytes: unreadable.length, heldBack: 0 },
      { reason: "too-short", source: "10.0.0.6", port: 1, bytes: unreadable.length, heldBack: 0 },
      { reason: "too-large", source: "10.0.0.5", port: 1, bytes: 101, heldBack: 0 },
    ],
  );
});

test("writes no flood of warnings for a flood of invented senders, but counts and keeps every datagram", (t) => {
  const { ingest, warnings, reasons, rejected } = ingestAt(t);
  for (let sender = 0; sender < 5_000; sender++) ingest.receive(unreadable, `192.0.2.${sender}`, 1, Date.now());
  assert.equal(warnings.length, 1_000);
  assert.equal(reasons.length, 5_000);
  assert.equal(rejected.length, 5_000);
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
