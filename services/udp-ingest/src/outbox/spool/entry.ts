import type { EventMessage } from "../../messages.js";
import type { Fifo } from "../fifo.js";

/** A message on its way through a spooled outbox. */
export type Entry = {
  readonly message: EventMessage;
  readonly payload: Uint8Array;
  /** On the clock of `performance.now()`. */
  readonly addedAtMs: number;
  /** Its place in the spool; 0 = it has none. */
  sequence: number;
  isSettled: boolean;
};

export function entryOf(message: EventMessage, sequence = 0): Entry {
  return { message, payload: message.payload, addedAtMs: performance.now(), sequence, isSettled: false };
}

/** About what a record holds beside the payload: id, subject, trace. */
const detailsBytes = 400;

/** Takes what is not settled off the queue, until its records are about so large. */
export function takeBatch(queue: Fifo<Entry>, bytes: number): Entry[] {
  const batch: Entry[] = [];
  for (let taken = 0; taken < bytes; ) {
    const entry = queue.shift();
    if (entry === undefined) break;
    if (entry.isSettled) continue;
    batch.push(entry);
    taken += entry.payload.length + detailsBytes;
  }
  return batch;
}
