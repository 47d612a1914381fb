import { BusError, type BusMessage, type ParkedStreams } from "@sense-alerts/bus";
import { type DecodeFailure, decodeEvent, encodeEvent, eventTypes, subjectOf } from "@sense-alerts/event-contract";
import { neverRead, type Rereading, type StoredDatagram } from "@sense-alerts/udp-ingest/reread";
import { addressText, streamOf } from "./address.js";
import type { Selection } from "./arguments.js";
import { type Entry, wholeBytesOf } from "./entry.js";
import { report } from "./report.js";
import { entriesOf } from "./select.js";
import { wholeEvent } from "./whole-event.js";

export type ReplayOptions = {
  readonly prefix: string;
  readonly reread: (datagram: StoredDatagram) => Rereading;
};

/** What is published for an entry, or why nothing can be. */
type Prepared = { readonly ok: true; readonly message: BusMessage } | { readonly ok: false; readonly why: string };

/** Publishes entries again; one leaves its stream when NATS has stored what it became. Resolves to the exit code. */
export async function replay(streams: ParkedStreams, selection: Selection, options: ReplayOptions): Promise<number> {
  let replayed = 0;
  let left = 0;
  let passedOver = 0;
  for await (const found of entriesOf(streams, options.prefix, selection)) {
    if ("missing" in found) {
      left++;
      report.missing(found.missing, streams);
    } else if (selection.all && selection.filter.reason === undefined && wasNeverRead(found)) passedOver++;
    else if (await replayOne(streams, found, options)) replayed++;
    else left++;
  }
  report.line(`${replayed} replayed, ${left} left as they are.`);
  if (passedOver > 0) {
    const reasons = neverRead.join(" or ");
    report.line(`${passedOver} were never read and stay: name their addresses, or --all --reason ${reasons}.`);
  }
  return left === 0 ? 0 : 1;
}

function wasNeverRead({ kind, reason }: Entry): boolean {
  return kind === "rejected" && neverRead.includes(reason);
}

async function replayOne(streams: ParkedStreams, entry: Entry, options: ReplayOptions): Promise<boolean> {
  const address = addressText(entry);
  const prepared = entry.kind === "rejected" ? datagram(entry, options) : await deadLetter(streams, entry, options);
  if (!prepared.ok) {
    report.problem(`${address}  stays: ${prepared.why}`);
    return false;
  }
  const { message } = prepared;
  try {
    const { sequence, duplicate } = await streams.publishEvent(message);
    await streamOf(entry, streams).remove(entry.sequence);
    const became = duplicate ? "was there already, as" : "replayed: it is";
    report.line(`${address}  ${became} sequence ${sequence} on ${message.subject}${prospects(message)}`);
    return true;
  } catch (error) {
    // With NATS gone the others would fail as well.
    if (!(error instanceof BusError) || error.code === "disconnected") throw error;
    report.problem(`${address}  stays: ${error.message}`);
    return false;
  }
}

/** What is to be expected when the alerter is of the version of this tool. */
function prospects({ payload }: BusMessage): string {
  const decoded = decodeEvent(payload);
  return decoded.ok ? "" : `; it will be a dead letter again (${decoded.reason}) unless the alerter is newer than this`;
}

/** The event that a datagram is to the reader of today, under the id that a resend of the datagram would have. */
function datagram(entry: Entry, { reread }: ReplayOptions): Prepared {
  const again = reread({ ...entry, storedAtMs: Date.parse(entry.storedAt) });
  return again.ok ? { ok: true, message: again.message } : { ok: false, why: `still not an event (${again.reason})` };
}

/**
 * The event as it was, on the subject where it was, so that the alerter takes it for a new one. Its own id is in the
 * stream's window of known ids; this one is the same however often this dead letter is replayed, and differs from every
 * other's.
 */
async function deadLetter(streams: ParkedStreams, entry: Entry, { prefix }: ReplayOptions): Promise<Prepared> {
  const subject = entry.headers["Sense-Subject"] ?? "";
  // Whoever may publish dead letters could otherwise have this person publish anything anywhere.
  if (!eventTypes.some((type) => subjectOf(type, prefix) === subject)) {
    return { ok: false, why: `${subject || "no Sense-Subject"} is not a subject of events` };
  }
  const whole = wholeBytesOf(entry) === undefined ? entry.bytes : await wholeEvent(streams, entry);
  const payload = whole && onlyFor(entry, whole);
  if (payload === undefined) return { ok: false, why: "the whole event is no longer in its stream" };
  const id = `replay:${streamOf(entry, streams).name}:${entry.sequence}-${entry.storedAt}`;
  const { traceparent } = entry.headers;
  return { ok: true, message: { subject, id, payload, ...(traceparent && { headers: { traceparent } }) } };
}

/** The reasons of what no consumer could decode: one of them has stored it for all. */
const undecoded: readonly string[] = ["not-json", "unknown-type", "invalid-event"] satisfies DecodeFailure[];

/** The event for the consumer that could not deliver it: the others have, or have a dead letter of their own. */
function onlyFor({ reason, headers }: Entry, payload: Uint8Array): Uint8Array {
  const consumer = headers["Sense-Consumer"];
  const decoded = decodeEvent(payload);
  if (consumer === undefined || !decoded.ok || undecoded.includes(reason)) return payload;
  return encodeEvent({ ...decoded.event, consumer });
}
