import type { ParkedStreams } from "@sense-alerts/bus";
import { decodeEvent } from "@sense-alerts/event-contract";
import { shown } from "../terminal.js";
import { type Address, streamOf } from "./address.js";
import { type Entry, summaryOf, wholeBytesOf } from "./entry.js";
import type { ReplayOptions } from "./replay.js";
import { report } from "./report.js";
import { entriesOf } from "./select.js";
import { wholeEvent } from "./whole-event.js";

/** Prints everything about entries. Resolves to the exit code: 1 when one of them is not there. */
export async function show(
  streams: ParkedStreams,
  addresses: readonly Address[],
  options: ReplayOptions,
): Promise<number> {
  let missing = 0;
  let isFirst = true;
  for await (const entry of entriesOf(streams, options.prefix, { all: false, addresses })) {
    if ("missing" in entry) {
      missing++;
      report.missing(entry.missing, streams);
      continue;
    }
    if (!isFirst) report.line("");
    isFirst = false;
    for (const [label, text] of await factsOf(streams, entry, options))
      report.line(`${label.padEnd(labelWidth)}${text}`);
  }
  return missing === 0 ? 0 : 1;
}

const labelWidth = 14;

async function factsOf(
  streams: ParkedStreams,
  entry: Entry,
  options: ReplayOptions,
): Promise<readonly (readonly [label: string, text: string])[]> {
  const { address, sequence, time, kind, bytes } = summaryOf(entry);
  const cut = wholeBytesOf(entry) !== undefined;
  const whole = cut ? await wholeEvent(streams, entry) : entry.bytes;
  const where = whole === undefined ? "only its beginning is left" : "from the stream of events";
  return [
    ["address", `${address}, sequence ${sequence} of ${streamOf(entry, streams).name}`],
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
