import type { RejectedStream } from "@sense-alerts/bus";
import { decodeEvent } from "@sense-alerts/event-contract";
import { shown } from "../terminal.js";
import { type Entry, entryOf, summaryOf, wholeBytesOf } from "./entry.js";
import type { ReplayOptions } from "./replay.js";
import { report } from "./report.js";
import { wholeEvent } from "./whole-event.js";

/** Prints everything about entries. Resolves to the exit code: 1 when one of them is not there. */
export async function show(
  stream: RejectedStream,
  sequences: readonly number[],
  options: ReplayOptions,
): Promise<number> {
  let missing = 0;
  for (const [index, sequence] of sequences.entries()) {
    const message = await stream.message(sequence);
    const entry = message && entryOf(message, options.prefix);
    if (entry === undefined) {
      missing++;
      report.problem(`${sequence}  is not in ${stream.name}`);
      continue;
    }
    if (index > 0) report.line("");
    for (const [label, text] of await factsOf(stream, entry, options))
      report.line(`${label.padEnd(labelWidth)}${text}`);
  }
  return missing === 0 ? 0 : 1;
}

const labelWidth = 14;

async function factsOf(
  stream: RejectedStream,
  entry: Entry,
  options: ReplayOptions,
): Promise<readonly (readonly [label: string, text: string])[]> {
  const { sequence, time, kind, bytes } = summaryOf(entry);
  const cut = wholeBytesOf(entry) !== undefined;
  const whole = cut ? await wholeEvent(stream, entry) : entry.bytes;
  const where = whole === undefined ? "only its beginning is left" : "from the stream of events";
  return [
    ["sequence", `${sequence} of ${stream.name}`],
    ["time", time],
    ["kind", kind],
    ...Object.entries(entry.headers).map(([name, value]) => ["header", `${name}: ${value}`] as const),
    ["bytes", cut ? `${bytes}, ${where}` : String(bytes)],
    kind === "rejected"
      ? ["reader today", readingOf(entry, options)]
      : ["as an event", decodingOf(whole ?? entry.bytes)],
    ["text", shown(whole ?? entry.bytes)],
  ];
}

function readingOf(entry: Entry, { reread }: ReplayOptions): string {
  const again = reread({ ...entry, storedAtMs: Date.parse(entry.storedAt) });
  return again.ok ? `${again.event.type} ${again.event.id}` : `still not an event (${again.reason})`;
}

function decodingOf(bytes: Uint8Array): string {
  const decoded = decodeEvent(bytes);
  if (!decoded.ok) return `cannot be read (${decoded.reason}): ${decoded.detail}`;
  const { type, id, time } = decoded.event;
  return `${type} ${id}, received ${time}`;
}
