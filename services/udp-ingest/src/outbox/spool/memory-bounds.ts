import { type Size, sumOf } from "../size.js";
import type { ReadLimits } from "./segment-reader.js";
import type { Spool } from "./spool.js";

export type MemoryBoundsOptions = {
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** What is on its way out, and what waits to be written. */
  readonly window: () => Size;
  readonly waiting: () => Size;
  readonly spool: Pick<Spool, "unsyncedBytes" | "forgetUnsynced">;
};

/**
 * Keeps what a spooled outbox has in memory within the bounds: one half for the window, the other for what waits to be
 * written.
 */
export type MemoryBounds = {
  inMemory(): { events: number; bytes: number };
  hasRoomFor(events: number, bytes: number): boolean;
  windowHasRoom(): boolean;
  /** Whether the window is so empty that it had better be filled from the spool. */
  windowIsLow(): boolean;
  /** What the window has room for. */
  windowLimits(): ReadLimits;
  /**
   * Whether something has to be dropped; with a disk that works only past one read of the socket, since whoever adds
   * pauses.
   */
  isOverfull(isDiskTroubled: boolean): boolean;
  /** Gives up copies for the case that a sync fails: to drop an event for one, or to let it wait, would be worse. */
  giveUpCopies(): void;
};

/** While there is more in the spool, no more is needed in memory than NATS takes in a moment. */
const refillBelowEvents = 1_024;
/** One read of the socket, 64 datagrams. */
const slack = { events: 64, bytes: 4 * 1024 * 1024 };

export function createMemoryBounds({ maxEvents, maxBytes, window, waiting, spool }: MemoryBoundsOptions): MemoryBounds {
  const most = { events: Math.ceil(maxEvents / 2), bytes: maxBytes / 2 };
  const inMemory = () => sumOf(window(), waiting());

  function hasRoomFor(moreEvents: number, moreBytes: number): boolean {
    const { events, bytes } = inMemory();
    return events + moreEvents <= maxEvents && bytes + spool.unsyncedBytes() + moreBytes <= maxBytes;
  }

  return {
    inMemory,
    hasRoomFor,
    windowHasRoom: () => {
      const { events, bytes } = window();
      return events < most.events && bytes < most.bytes;
    },
    windowIsLow: () => {
      const { events, bytes } = window();
      return events <= Math.min(refillBelowEvents, most.events / 2) && bytes <= most.bytes / 2;
    },
    windowLimits: () => {
      const { events, bytes } = window();
      return { maxEvents: most.events - events, maxBytes: most.bytes - bytes };
    },
    isOverfull: (isDiskTroubled) => !(isDiskTroubled ? hasRoomFor(0, 0) : hasRoomFor(-slack.events, -slack.bytes)),
    giveUpCopies: () => {
      while (!hasRoomFor(0, 0) && spool.forgetUnsynced());
    },
  };
}
