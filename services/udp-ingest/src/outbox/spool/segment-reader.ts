import type { EventMessage } from "../../messages.js";
import { decodeRecords } from "./record.js";
import { readBytes, type Segment } from "./segment.js";
import { errnoOf } from "./spool-error.js";

export type SpoolRead = {
  readonly events: readonly SpooledEvent[];
  /** All up to this sequence has been read or is lost: read on from here. */
  readonly through: number;
  /** How many on the way could not be read. */
  readonly torn: number;
};

export type SpooledEvent = { readonly sequence: number; readonly message: EventMessage };

export type ReadLimits = { readonly maxEvents: number; readonly maxBytes: number };

/** Reads segments from their beginning to their end, a piece at a time. */
export type SegmentReader = {
  /**
   * Reads what comes after the sequence `after`: at least one event if there is one, and no more than the limits allow.
   * Rejects when the file cannot be read. When it is gone, or at the 60th failure in a row, all that has not been read
   * of it is torn.
   */
  read(segment: Segment, after: number, limits: ReadLimits): Promise<SpoolRead>;
};

const chunkBytes = 256 * 1024;
/** A volume may come back; but a segment that cannot be read must not block the others without end. */
const tries = 60;

export function createSegmentReader(): SegmentReader {
  let current: Segment | undefined;
  /** Where to go on in it, and the sequence that was reached there. */
  let offset = 0;
  let reached = 0;
  let failures = 0;

  async function read(segment: Segment, after: number, { maxEvents, maxBytes }: ReadLimits): Promise<SpoolRead> {
    const events: SpooledEvent[] = [];
    let through = after;
    let torn = 0;
    let bytes = 0;
    for (let wanted = chunkBytes; offset < segment.bytes && events.length === 0; ) {
      const from = offset;
      const to = Math.min(segment.bytes, from + wanted);
      const chunk = await readBytes(segment.path, from, to);
      const isWhole = to === segment.bytes || chunk.length < to - from;
      for (const { record, end } of decodeRecords(chunk, isWhole)) {
        // What an append left behind that failed has sequences that belong to the next segment.
        if (record?.kind === "event" && record.sequence > through && record.sequence <= segment.last) {
          bytes += record.message.payload.length;
          if (events.length > 0 && (events.length >= maxEvents || bytes > maxBytes)) break;
          torn += record.sequence - through - 1;
          through = record.sequence;
          events.push(record);
        }
        offset = from + end;
      }
      if (isWhole && events.length === 0) offset = segment.bytes;
      // Not even one record ends in this piece.
      if (offset === from) wanted *= 4;
    }
    reached = through;
    if (offset < segment.bytes) return { events, through, torn };
    return { events, through: segment.last, torn: torn + segment.last - through };
  }

  return {
    read: async (segment, after, limits) => {
      const start = Math.max(after, segment.first - 1);
      if (segment !== current || start < reached) {
        current = segment;
        offset = 0;
        reached = start;
        failures = 0;
      }
      try {
        const found = await read(segment, start, limits);
        failures = 0;
        return found;
      } catch (error) {
        if (errnoOf(error) !== "ENOENT" && ++failures < tries) throw error;
        return { events: [], through: segment.last, torn: segment.last - start };
      }
    },
  };
}
