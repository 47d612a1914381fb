import { Fifo } from "../fifo.js";
import { type Entry, takeBatch } from "./entry.js";

/** Entries in memory that are to be in the spool only, oldest first. */
export type Waiting = {
  /** How many can be taken: those that are not being written. */
  readonly length: number;
  /** Whether the oldest can be taken: none is being written. */
  hasOldest(): boolean;
  /** How many and how large they are, with those that are being written. */
  size(): { events: number; bytes: number };
  push(entry: Entry): void;
  peek(): Entry | undefined;
  take(): Entry | undefined;
  /** Takes entries for one write. They count until `written`, or go back with `putBack`. */
  takeBatch(bytes: number): Entry[];
  putBack(batch: readonly Entry[]): void;
  written(batch: readonly Entry[]): void;
};

export function createWaiting(): Waiting {
  const queue = new Fifo<Entry>();
  let events = 0;
  let bytes = 0;

  function forget({ payload }: Entry): void {
    events--;
    bytes -= payload.length;
  }

  return {
    get length() {
      return queue.length;
    },
    hasOldest: () => queue.length > 0 && queue.length === events,
    size: () => ({ events, bytes }),
    push: (entry) => {
      queue.push(entry);
      events++;
      bytes += entry.payload.length;
    },
    peek: () => queue.peek(),
    take: () => {
      const entry = queue.shift();
      if (entry !== undefined) forget(entry);
      return entry;
    },
    takeBatch: (most) => takeBatch(queue, most),
    putBack: (batch) => queue.putBack(batch),
    written: (batch) => batch.forEach(forget),
  };
}
