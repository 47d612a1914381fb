import type { ParkedStreams } from "@sense-alerts/bus";
import { type Entry, wholeBytesOf } from "./entry.js";

/**
 * The bytes of an event that was too large to be a dead letter as a whole, from the stream of events; undefined when it
 * has left that stream. What stands under its sequence in a stream that was created again is not taken for it.
 */
export async function wholeEvent(streams: ParkedStreams, entry: Entry): Promise<Uint8Array | undefined> {
  const sequence = Number(entry.headers["Sense-Sequence"]);
  if (!Number.isSafeInteger(sequence) || sequence < 1) return undefined;
  const event = await streams.event(sequence);
  const isIt =
    event !== undefined &&
    event.subject === entry.headers["Sense-Subject"] &&
    event.bytes.length === wholeBytesOf(entry) &&
    Buffer.compare(event.bytes.subarray(0, entry.bytes.length), entry.bytes) === 0;
  return isIt ? event.bytes : undefined;
}
