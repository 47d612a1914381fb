import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cell, StatusSnapshot } from "@sense-alerts/service-kit";
import type { Reading } from "../../src/datagram/datagram.js";
import { createIngestStatus, type IngestFacts } from "../../src/status/ingest-status.js";
import { createJournal, type Journal } from "../../src/status/journal.js";
import { failedTask } from "../failed-task.js";

const receivedAtMs = Date.UTC(2024, 3, 12, 5, 33, 3, 561);
const message = { id: failedTask.id, type: failedTask.type };
const asEvent: Reading = { ok: true, event: failedTask };

function received(journal: Journal, text: string | Buffer, reading: Reading = asEvent, address = "10.0.0.5"): void {
  const datagram = { bytes: Buffer.from(text), address, port: 51_834, receivedAtMs, traceparent: "" };
  journal.read(datagram, reading);
}

function snapshotOf(
  journal: Journal,
  detail: "full" | "counts" = "full",
  facts: Partial<IngestFacts> = {},
): StatusSnapshot {
  const socket = { address: "0.0.0.0", port: 9_998, receiveBufferBytes: 212_992, readsBatches: true };
  return createIngestStatus({
    ...{ detail, journal, wantedPort: 0, askedBufferBytes: 8_388_608, fallbackEncoding: "windows-1252" },
    look: () => ({ socket, buffered: { events: 1_200, bytes: 0 }, spooled: undefined, kernelDropped: 0, ...facts }),
  })();
}

function rowsOf(snapshot: StatusSnapshot, id: string): readonly (readonly Cell[])[] {
  return snapshot.sections.find((section) => section.id === id)?.table?.rows ?? [];
}

test("shows the last 50 datagrams, newest first, with what became of each", () => {
  const journal = createJournal();
  for (let n = 0; n < 60; n++) received(journal, `earlier ${n}`, { ok: false, reason: "unknown-tag" });
  received(journal, "the first");
  received(journal, "the same again");
  received(journal, "a third", { ok: true, event: { ...failedTask, id: "other" } });
  journal.settled(message, "stored");
  journal.settled(message, "duplicate");
  const rows = rowsOf(snapshotOf(journal), "datagrams");
  assert.equal(rows.length, 50);
  const became = rows
    .slice(0, 4)
    .map(([, , , cell]) => (typeof cell === "object" && "text" in cell ? cell.text : cell));
  assert.deepEqual(became, [
    "event, waiting for NATS",
    "duplicate: it was stored already",
    "event, stored",
    "rejected: unknown-tag, its first field is not a known tag",
  ]);
  const time = { atMs: receivedAtMs };
  const stored = { tone: "good", text: "event, stored" };
  assert.deepEqual(rows[2], [time, "10.0.0.5", "task failed", stored, 9, "Reload försäljning", { raw: "the first" }]);
});

test("reads no more than the beginning of a datagram, and no half characters", () => {
  const journal = createJournal();
  received(journal, "日".repeat(10_000));
  const raw = rowsOf(snapshotOf(journal), "datagrams")[0]?.at(-1);
  assert.deepEqual(raw, { raw: `${"日".repeat(200)}…` });
});

test("shows the text of a datagram in UTF-16", () => {
  const journal = createJournal();
  received(journal, Buffer.from("/scheduler-task-failed/;日本", "utf16le"));
  const raw = rowsOf(snapshotOf(journal), "datagrams")[0]?.at(-1);
  assert.deepEqual(raw, { raw: "/scheduler-task-failed/;日本" });
});

test("counts by kind and result, by reason and by source", () => {
  const journal = createJournal();
  received(journal, "a");
  received(journal, "b", { ok: false, reason: "too-short" }, "10.0.0.6");
  journal.settled(message, "dropped-buffer-full");
  journal.settled({ id: "x", type: "sense.ingest.status" }, "stored");
  const snapshot = snapshotOf(journal);
  assert.deepEqual(rowsOf(snapshot, "kinds"), [["task failed", 1, 0, 0, 1]]);
  assert.deepEqual(rowsOf(snapshot, "rejected"), [["too-short", 1, "fewer fields than its tag has"]]);
  assert.deepEqual(rowsOf(snapshot, "sources"), [
    ["10.0.0.5", 1, 0, 0, 0, 0, 0, { atMs: receivedAtMs }],
    ["10.0.0.6", 0, 0, 0, 0, 0, 1, { atMs: receivedAtMs }],
  ]);
});

test("says nothing with counts that a datagram said", () => {
  const journal = createJournal();
  received(journal, "/scheduler-task-failed/;raw text");
  received(journal, "raw junk", { ok: false, reason: "unknown-tag" });
  journal.settled(message, "stored");
  const said = JSON.stringify(snapshotOf(journal, "counts"));
  const secret = Object.values(failedTask.data).filter((value) => typeof value === "string" && value.length > 4);
  for (const text of ["raw text", "raw junk", ...secret]) assert.ok(!said.includes(String(text)), String(text));
  assert.ok(said.includes("event, stored") && said.includes("10.0.0.5"));
});

test("tells of losses, of a buffer that is smaller than asked for, and what to do first", () => {
  const journal = createJournal();
  const before = JSON.stringify(snapshotOf(journal));
  assert.match(before, /Point the log appender of Sense at port 9998/);
  assert.match(before, /sysctl -w net\.core\.rmem_max=8388608/);
  assert.match(before, /1,200 events are kept/);
  assert.deepEqual(snapshotOf(journal).troubles, []);
  journal.settled(message, "dropped-spool-full");
  const troubles = snapshotOf(journal, "full", { kernelDropped: 7 }).troubles?.map(({ text }) => text) ?? [];
  assert.match(troubles.join("\n"), /^Events lost since the start: 1\..*\nDatagrams that the kernel dropped.*: 7\./);
  assert.match(JSON.stringify(snapshotOf(journal, "full", { socket: undefined })), /not bound/);
  const spooled = { events: 12, bytes: 4_096 };
  assert.match(JSON.stringify(snapshotOf(journal, "full", { spooled })), /"Spool on disk",\{"bytes":4096\}/);
});
