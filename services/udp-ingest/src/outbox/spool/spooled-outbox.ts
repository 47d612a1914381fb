import { setImmediate as turn } from "node:timers/promises";
import { Fifo } from "../fifo.js";
import { createOutbox } from "../outbox.js";
import { sumOf } from "../size.js";
import { type Entry, entryOf, takeBatch } from "./entry.js";
import { createMemoryBounds } from "./memory-bounds.js";
import { encodeEventRecord } from "./record.js";
import type { SpooledEvent, SpoolRead } from "./segment-reader.js";
import { createSpoolJobs } from "./spool-jobs.js";
import type { SpooledOutbox, SpooledOutboxOptions } from "./spooled-outbox-options.js";
import { createWaiting } from "./waiting.js";

const largestBatchBytes = 1024 * 1024;
/**
 * An outbox that survives a kill: events that NATS has not acknowledged within `spoolAfterMs` are written to the spool
 * with one write, within 50 ms of being added where a write takes at most 15 ms, and synced right after. While NATS is
 * faster nothing is written. Events in the spool go out first; the order is kept.
 *
 * Events are, from the oldest to the newest: in the window (in memory, and on their way out in order), in the spool
 * only, and waiting in memory to be written. When the spool is full its oldest segment is dropped, with what is in
 * memory of it. What is in memory keeps within the bounds: whoever adds pauses while the spool `makesRoom`. Of what
 * comes all the same, or while the spool cannot be written, the oldest in memory is dropped.
 */
export function createSpooledOutbox(options: SpooledOutboxOptions): SpooledOutbox {
  const { spool, spoolAfterMs = 20 } = options;
  /** In the window and not in the spool. */
  const unwritten = new Fifo<Entry>();
  /** In the window and in the spool, in the order of their sequences. */
  const written = new Fifo<Entry>();
  /** There was no room in the window: these are to be in the spool only. */
  const waiting = createWaiting();
  /** The spool has been read up to here, or need not be. */
  let readThrough = spool.mark();
  let [droppedThrough, unsettledWritten] = [0, 0];
  let onEmpty: (() => void) | undefined;

  const window = createOutbox<Entry>({
    maxEvents: Number.POSITIVE_INFINITY,
    maxBytes: Number.POSITIVE_INFINITY,
    send: (entry, onAnswer) => options.send(entry.message, (_, answer) => onAnswer(entry, answer)),
    onResult: (entry, result) => {
      entry.isSettled = true;
      if (entry.sequence > droppedThrough) unsettledWritten--;
      options.onResult(entry.message, result);
      noteProgress();
      jobs.look();
    },
    onRetry: options.onRetry,
    shorten: (entry, error) => options.shorten?.(entry.message, error) ?? false,
  });

  const inSpoolOnly = () => spool.last() - readThrough;
  const inSpool = () => unsettledWritten + inSpoolOnly();
  const bounds = createMemoryBounds({ ...options, window: window.size, waiting: waiting.size });
  const size = () => sumOf(bounds.inMemory(), { events: inSpoolOnly(), bytes: 0 });

  const jobs = createSpoolJobs({
    ...options,
    writing: {
      dueAtMs: () => {
        const oldest = oldestUnwritten();
        if (oldest === undefined) return Number.POSITIVE_INFINITY;
        return bounds.hasRoomFor(1, 0) ? oldest.addedAtMs + spoolAfterMs : 0;
      },
      run: writeBatch,
    },
    refilling: {
      dueAtMs: () => (inSpoolOnly() > 0 && bounds.windowIsLow() ? 0 : Number.POSITIVE_INFINITY),
      run: refill,
    },
  });

  function noteProgress(): void {
    while (written.peek()?.isSettled) written.shift();
    const oldest = written.peek();
    spool.settle(oldest === undefined ? readThrough : oldest.sequence - 1);
    promoteWaiting();
    if (size().events === 0) onEmpty?.();
  }

  function oldestUnwritten(): Entry | undefined {
    while (unwritten.peek()?.isSettled) unwritten.shift();
    return unwritten.peek() ?? waiting.peek();
  }

  /** What waits to be written goes out directly once there is room and nothing older that has to go first. */
  function promoteWaiting(): void {
    while (waiting.hasOldest() && inSpoolOnly() === 0 && bounds.windowHasRoom()) {
      const entry = waiting.take();
      if (entry !== undefined) addToWindow(entry);
    }
  }

  function addToWindow(entry: Entry): void {
    unwritten.push(entry);
    window.add(entry);
  }

  function keepBounds(newest: Entry): void {
    bounds.giveUpCopies();
    while (bounds.isOverfull(jobs.isTroubled())) {
      if (window.dropOldest("dropped-buffer-full", (oldest) => oldest !== newest)) continue;
      const oldest = waiting.length > 1 ? waiting.take() : undefined;
      if (oldest === undefined) return;
      options.onResult(oldest.message, "dropped-buffer-full");
    }
  }

  async function writeBatch(): Promise<void> {
    const batchBytes = Math.min(largestBatchBytes, spool.segmentBytes);
    const fromWindow = takeBatch(unwritten, batchBytes);
    const fromWaiting = unwritten.length > 0 ? [] : waiting.takeBatch(batchBytes);
    const batch = [...fromWindow, ...fromWaiting];
    const first = spool.last() + 1;
    try {
      const records = batch.map(({ message }, index) => encodeEventRecord(message, first + index));
      while (!spool.hasRoomFor(records)) await dropOldestSegment();
      if (records.length > 0 || spool.mustRewrite()) await spool.append(records);
    } catch (error) {
      unwritten.putBack(fromWindow);
      waiting.putBack(fromWaiting);
      promoteWaiting();
      throw error;
    }
    for (const [index, entry] of batch.entries()) entry.sequence = first + index;
    for (const entry of fromWindow) {
      written.push(entry);
      readThrough = entry.sequence;
      if (!entry.isSettled) unsettledWritten++;
    }
    waiting.written(fromWaiting);
    bounds.giveUpCopies();
    noteProgress();
  }

  async function dropOldestSegment(): Promise<void> {
    // While NATS is away what was sent has failed already, but is in flight until that has been handled.
    await turn();
    const through = spool.oldestThrough();
    while (window.dropOldest("dropped-spool-full", ({ sequence }) => sequence > 0 && sequence <= through));
    // What the window still has of it is in flight, and may be stored; from here on it is in memory only.
    for (let next = written.peek(); next !== undefined && next.sequence <= through; next = written.peek()) {
      written.shift();
      if (!next.isSettled) unsettledWritten--;
    }
    droppedThrough = through;
    while (readThrough < through) {
      const limits = { maxEvents: Number.POSITIVE_INFINITY, maxBytes: largestBatchBytes };
      const found = await spool.read(readThrough, limits);
      for (const { message } of taken(found)) options.onResult(message, "dropped-spool-full");
    }
    await spool.dropOldest();
  }

  async function refill(): Promise<void> {
    const found = await spool.read(readThrough, bounds.windowLimits());
    const entries = taken(found).map(({ message, sequence }) => entryOf(message, sequence));
    // All before the first is sent: the mark follows what is settled, and must not pass what is still to be sent.
    for (const entry of entries) written.push(entry);
    unsettledWritten += entries.length;
    for (const entry of entries) window.add(entry);
    noteProgress();
  }

  /** These events are no longer in the spool only: each has to be accounted for before the next await. */
  function taken({ events, through, torn }: SpoolRead): readonly SpooledEvent[] {
    readThrough = through;
    if (torn > 0) options.onTorn(torn);
    return events;
  }

  jobs.look();
  return {
    add: (message) => {
      const entry = entryOf(message);
      if (waiting.size().events === 0 && inSpoolOnly() === 0 && bounds.windowHasRoom()) addToWindow(entry);
      else waiting.push(entry);
      keepBounds(entry);
      jobs.look();
    },
    wake: window.wake,
    size,
    hasRoomFor: bounds.hasRoomFor,
    makesRoom: () => waiting.size().events > 0 && !jobs.isTroubled(),
    spooled: () => ({ events: inSpool(), bytes: spool.bytes() }),
    drained: async (hurry) => {
      if (size().events > 0 && !hurry.aborted) {
        await new Promise<void>((resolve) => {
          onEmpty = resolve;
          hurry.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      await window.drained(AbortSignal.abort());
      await jobs.flush();
      if (inSpool() > 0) options.onKept(inSpool());
      return size().events - inSpool();
    },
  };
}
