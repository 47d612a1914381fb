import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { taskDatagram } from "@sense-alerts/test-kit";
import { startStack } from "../src/stack.js";

// Not in a before(): what is registered with after() in there runs right behind it.
const stack = await startStack({ after }, { nats: { config: "max_payload: 8192" } });

/** The full message of the alert for a datagram, and the name in the basic one. */
async function alertOf(datagram: string | Uint8Array, taskName: string) {
  const before = stack.on("qliksense/task_failure_full").length;
  await stack.send(datagram);
  const full = await stack.message("qliksense/task_failure_full", before + 1);
  const basic = await stack.message("qliksense/task_failure", before + 1);
  assert.equal(basic.text, taskName);
  return JSON.parse(full.text) as Record<string, unknown>;
}

test("a datagram larger than max_payload of NATS gives an alert with its log message cut, which says so", async () => {
  const logMessage = `Max retries reached ${"försäljning 🤪 ".repeat(2_000)}`;
  const datagram = taskDatagram({ taskName: "Reload of Sales", logMessage, executionId: randomUUID() });
  const full = await alertOf(datagram, "Reload of Sales");
  assert.deepEqual(full["truncated"], ["logMessage"]);
  const kept = String(full["logMessage"]);
  assert(logMessage.startsWith(kept) && kept.length > 3_000, `${kept.length} characters`);
  assert.equal(await stack.ingest.metric("sensealerts_ingest_truncated_events_total"), 1);
});

const encodings = [
  {
    name: "UTF-16 little endian with a byte order mark",
    encode: (text: string) => Buffer.from(`\ufeff${text}`, "utf16le"),
  },
  { name: "UTF-16 little endian", encode: (text: string) => Buffer.from(text, "utf16le") },
  {
    name: "UTF-16 big endian with a byte order mark",
    encode: (text: string) => Buffer.from(`\ufeff${text}`, "utf16le").swap16(),
  },
  { name: "UTF-16 big endian", encode: (text: string) => Buffer.from(text, "utf16le").swap16() },
];

for (const { name, encode } of encodings) {
  test(`a datagram in ${name} gives an alert with its text`, async () => {
    const taskName = `Reload försäljning – 日本 🤪 ${name}`;
    const logMessage = "Max retries reached; försäljning\r\n\tat Übersicht";
    const datagram = taskDatagram({ taskName, logMessage, executionId: randomUUID() });
    const full = await alertOf(encode(datagram), taskName);
    assert.equal(full["logMessage"], logMessage);
    assert.equal("truncated" in full, false);
  });
}
