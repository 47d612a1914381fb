import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReceivedDatagram } from "../src/datagram/datagram.js";
import { ingestAt, startMs, unreadable } from "./ingest-at.js";

test("counts every rejection once, and warns of the first from a sender in a minute", (t) => {
  const { ingest, reasons, warnings, pass } = ingestAt(t);
  for (let sent = 0; sent < 5; sent++) ingest.receive(unreadable, "10.0.0.5", 51_834, Date.now());
  assert.deepEqual(reasons, Array(5).fill("too-short"));
  const facts = { reason: "too-short", source: "10.0.0.5", port: 51_834, bytes: unreadable.length };
  assert.deepEqual(
    warnings.map(({ facts, message }) => ({ facts, message })),
    [{ facts: { ...facts, suppressed: 0 }, message: "datagram rejected" }],
  );
  pass(60_000);
  ingest.receive(unreadable, "10.0.0.5", 51_834, Date.now());
  assert.deepEqual(
    warnings.slice(1).map(({ facts, message }) => ({ facts, message })),
    [{ facts: { ...facts, suppressed: 4 }, message: "datagram rejected" }],
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
      { reason: "too-short", source: "10.0.0.5", port: 1, bytes: unreadable.length, suppressed: 0 },
      { reason: "too-short", source: "10.0.0.6", port: 1, bytes: unreadable.length, suppressed: 0 },
      { reason: "too-large", source: "10.0.0.5", port: 1, bytes: 101, suppressed: 0 },
    ],
  );
});

test("warns after a minute although the clock of the day was set back by an hour", (t) => {
  const { ingest, warnings, pass } = ingestAt(t);
  ingest.receive(unreadable, "10.0.0.5", 1, Date.now());
  t.mock.timers.setTime(startMs - 3_600_000);
  pass(60_000);
  ingest.receive(unreadable, "10.0.0.5", 1, Date.now());
  assert.equal(warnings.length, 2);
});

test("gives a source no second share because the clock of the day was set forward", (t) => {
  const { ingest, reasons, pass } = ingestAt(t, { sourceRatePerSecond: 10 });
  for (let sent = 0; sent < 10; sent++) ingest.receive(Buffer.from("a"), "10.0.0.5", 1, Date.now());
  t.mock.timers.setTime(startMs + 3_600_000);
  for (let sent = 0; sent < 10; sent++) ingest.receive(Buffer.from("a"), "10.0.0.5", 1, Date.now());
  assert.deepEqual(reasons, Array(10).fill("source-rate-exceeded"));
  pass(1_000);
  ingest.receive(Buffer.from("a"), "10.0.0.5", 1, Date.now());
  assert.equal(reasons.length, 10);
});

test("counts a datagram in the second in which it was read from the socket, also if it has waited since", (t) => {
  const { ingest, reasons, pass } = ingestAt(t, { sourceRatePerSecond: 10 });
  const receivedAtMs = [startMs, startMs + 1_000];
  t.mock.timers.setTime(startMs + 1_000);
  pass(1_000);
  for (const atMs of receivedAtMs) {
    for (let sent = 0; sent < 10; sent++) ingest.receive(Buffer.from("a"), "10.0.0.5", 1, atMs);
  }
  assert.deepEqual(reasons, []);
});

test("warns once an hour of each unknown tag, with the tag and the likely cause, whoever sends it", (t) => {
  const read = ({ bytes }: ReceivedDatagram) => ({ ok: false, reason: "unknown-tag", tag: String(bytes) }) as const;
  const { ingest, reasons, warnings, pass } = ingestAt(t, { read });
  for (const source of ["10.0.0.5", "10.0.0.6"]) {
    for (const tag of ["/a/", "/b/", "/a/"]) ingest.receive(Buffer.from(tag), source, 1, Date.now());
  }
  const facts = { reason: "unknown-tag", source: "10.0.0.5", port: 1, bytes: 3 };
  const cause = "a log appender of another product sends to this port";
  assert.deepEqual(
    warnings.map((warning) => warning.facts),
    [
      { ...facts, tag: "/a/", cause, suppressed: 0 },
      { ...facts, tag: "/b/", cause, suppressed: 0 },
    ],
  );
  assert.equal(reasons.length, 6);
  pass(3_600_000);
  ingest.receive(Buffer.from("/a/"), "10.0.0.5", 1, Date.now());
  assert.deepEqual(warnings[2]?.facts, { ...facts, tag: "/a/", cause, suppressed: 3 });
});

test("warns of invented tags once a minute and source after the first hundred", (t) => {
  const read = ({ bytes }: ReceivedDatagram) => ({ ok: false, reason: "unknown-tag", tag: String(bytes) }) as const;
  const { ingest, warnings } = ingestAt(t, { read });
  for (let tag = 0; tag < 5_000; tag++) ingest.receive(Buffer.from(`/${tag}/`), "10.0.0.5", 1, Date.now());
  assert.equal(warnings.length, 101);
});

test("writes no flood of warnings for a flood of invented senders, but counts and keeps every datagram", (t) => {
  const { ingest, warnings, reasons, rejected } = ingestAt(t);
  for (let sender = 0; sender < 5_000; sender++) ingest.receive(unreadable, `192.0.2.${sender}`, 1, Date.now());
  assert.equal(warnings.length, 1_000);
  assert.equal(reasons.length, 5_000);
  assert.equal(rejected.length, 5_000);
});
