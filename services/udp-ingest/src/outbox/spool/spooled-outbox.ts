import { setImmediate as turn } from "node:timers/promises";
import type { BusError } from "@sense-alerts/bus";
import type { EventMessage } from "../../messages.js";
import { Fifo } from "../fifo.js";
import { createOutbox, type Outbox, type OutboxOptions, type OutboxResult } from "../outbox.js";
import { createDiskJobs, type DiskJob } from "./disk-jobs.js";
import { type Entry, entryOf, takeBatch } from "./entry.js";
import { encodeEventRecord } from "./record.js";
import type { SpooledEvent, SpoolRead } from "./segment-reader.js";
import type { Spool } from "./spool.js";

export type SpooledOutboxOptions = {
  readonly spool: Spool;
  readonly send: OutboxOptions<EventMessage>["send"];
  /** Bounds of what is in memory: past either, events are in the spool alone. */
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** Called once for each message. */
  readonly onResult: (message: EventMessage, result: OutboxResult) => void;
  readonly onRetry: (error: BusError) => void;
  readonly shorten?: OutboxOptions<EventMessage>["shorten"];
  /** Called for events in the spool that cannot be read any more. */
  readonly onTorn: (events: number) => void;
  readonly onDiskError: (error: unknown) => void;
  readonly onDiskRecovered: () => void;
  /** Called when the outbox has been drained, with how many events are left in the spool. */
  readonly onKept: (events: number) => void;
  /** How long NATS has to acknowledge an event before it is written to the spool; 20 if left out. */
  readonly spoolAfterMs?: number;
  /** How often it is written down up to where all is settled; 100 if left out. */
  readonly markEveryMs?: number;
};

export type SpooledOutbox = Outbox<EventMessage> & {
  /** What of the outbox is in the spool, and the size of its files. */
  spooled(): { events: number; bytes: number };
};

const largestBatchBytes = 1024 * 1024;
/** Above the bounds of the memory there may be this much on its way to the disk. */
const largestBacklogBytes = 64 * 1024 * 1024;
/** While there is more in the spool, no more is needed in memory than NATS takes in a moment. */
const refillBelowEvents = 1_024;

/**
 * An outbox that a kill cannot empty: what NATS has not acknowledged within `spoolAfterMs` is written to the spool, all of it with
 * one write, so that an event is there within 50 ms of being added where a write takes no more than 15 ms. It is synced right after;
 * what comes meanwhile is written all the same. As long as NATS is quicker nothing is written. What the spool holds already
 * goes out first; the order is kept.
 *
 * Events are, from the oldest to the newest: in the window (in memory, and on their way out in order), in the spool alone, and
 * waiting in memory to be written. When the spool is full its oldest segment is dropped, with what is in memory of it. While
 * it cannot be written the bounds of the memory hold for all that is in memory, and the oldest there is dropped.
 */
export function createSpooledOutbox(options: SpooledOutboxOptions): SpooledOutbox {
  const { spool, maxEvents, maxBytes, spoolAfterMs = 20, markEveryMs = 100 } = options;
  /** In the window and not in the spool. */
  const unwritten = new Fifo<Entry>();
  /** In the window and in the spool, in the order of their sequences. */
  const written = new Fifo<Entry>();
  /** There was no room in the window: these are to be in the spool alone. */
  const waiting = new Fifo<Entry>();
  /** How many and how large the waiting are, with those that are being written. */
  const behind = { events: 0, bytes: 0 };
  /** The spool has been read up to here, or need not be. */
  let readThrough = spool.mark();
  let droppedThrough = 0;
  let unsettledWritten = 0;
  let tidied = { mark: -1, atMs: 0 };
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

  const inSpoolAlone = () => spool.last() - readThrough;
  const inSpool = () => unsettledWritten + inSpoolAlone();
  const inMemory = () => {
    const { events, bytes } = window.size();
    return { events: events + behind.events, bytes: bytes + behind.bytes };
  };
  const size = () => {
    const { events, bytes } = inMemory();
    return { events: events + inSpoolAlone(), bytes };
  };

  const writing: DiskJob = {
    dueAtMs: () => {
      while (unwritten.peek()?.isSettled) unwritten.shift();
      const oldest = unwritten.peek() ?? waiting.peek();
      return oldest === undefined ? Number.POSITIVE_INFINITY : oldest.addedAtMs + spoolAfterMs;
    },
    run: writeBatch,
  };
  const refilling: DiskJob = {
    dueAtMs: () => {
      const { events, bytes } = window.size();
      const isLow = events <= Math.min(refillBelowEvents, maxEvents / 2) && bytes <= maxBytes / 2;
      return isLow && inSpoolAlone() > 0 ? 0 : Number.POSITIVE_INFINITY;
    },
    run: refill,
  };
  const tidying: DiskJob = {
    dueAtMs: () => (spool.mark() > tidied.mark ? tidied.atMs + markEveryMs : Number.POSITIVE_INFINITY),
    run: async () => {
      const mark = spool.mark();
      await spool.tidy();
      tidied = { mark, atMs: performance.now() };
    },
  };
  const jobs = createDiskJobs({
    // Refilling last: during a long replay there is always something to read.
    jobs: [writing, tidying, refilling],
    onError: options.onDiskError,
    onRecovered: options.onDiskRecovered,
  });

  const syncing: DiskJob = {
    dueAtMs: () => (spool.isSynced() ? Number.POSITIVE_INFINITY : 0),
    run: spool.sync,
  };
  /** On its own, for a disk may take its time over it. */
  const syncs = createDiskJobs({
    jobs: [syncing],
    onError: options.onDiskError,
    onRecovered: options.onDiskRecovered,
  });

  function noteProgress(): void {
    while (written.peek()?.isSettled) written.shift();
    const oldest = written.peek();
    spool.settle(oldest === undefined ? readThrough : oldest.sequence - 1);
    promoteWaiting();
    if (size().events === 0) onEmpty?.();
  }

  function hasRoom(): boolean {
    const { events, bytes } = window.size();
    return events < maxEvents && bytes < maxBytes;
  }

  /** What waits to be written goes out directly once there is room and nothing older that has to go first. */
  function promoteWaiting(): void {
    while (waiting.length > 0 && waiting.length === behind.events && inSpoolAlone() === 0 && hasRoom()) {
      const entry = takeWaiting();
      if (entry !== undefined) addToWindow(entry);
    }
  }

  function takeWaiting(): Entry | undefined {
    const entry = waiting.shift();
    if (entry !== undefined) forgetWaiting(entry);
    return entry;
  }

  function forgetWaiting({ payload }: Entry): void {
    behind.events--;
    behind.bytes -= payload.length;
  }

  function addToWindow(entry: Entry): void {
    unwritten.push(entry);
    window.add(entry);
  }

  /** Without a disk to write to, or with one that is too slow, memory is all there is. */
  function isOverfull(): boolean {
    const { events, bytes } = inMemory();
    return jobs.isTroubled(writing) ? events > maxEvents || bytes > maxBytes : bytes > maxBytes + largestBacklogBytes;
  }

  function keepBounds(newest: Entry): void {
    while (isOverfull()) {
      if (window.dropOldest("dropped-buffer-full", (oldest) => oldest !== newest)) continue;
      const oldest = waiting.length > 1 ? takeWaiting() : undefined;
      if (oldest === undefined) return;
      options.onResult(oldest.message, "dropped-buffer-full");
    }
  }

  async function writeBatch(): Promise<void> {
    const batchBytes = Math.min(largestBatchBytes, spool.segmentBytes);
    const fromWindow = takeBatch(unwritten, batchBytes);
    const fromWaiting = unwritten.length > 0 ? [] : takeBatch(waiting, batchBytes);
    const batch = [...fromWindow, ...fromWaiting];
    const first = spool.last() + 1;
    try {
      const records = batch.map(({ message }, index) => encodeEventRecord(message, first + index));
      while (!spool.hasRoomFor(records)) await dropOldestSegment();
      if (records.length > 0) await spool.append(records);
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
    fromWaiting.forEach(forgetWaiting);
    syncs.look();
    noteProgress();
  }

  async function dropOldestSegment(): Promise<void> {
    // While NATS is away what was sent has failed already, but is in flight until that has been dealt with.
    await turn();
    const through = spool.oldestThrough();
    while (window.dropOldest("dropped-spool-full", ({ sequence }) => sequence > 0 && sequence <= through));
    // What the window still has of it is in flight, and may be stored; from here on it is in memory alone.
    for (let next = written.peek(); next !== undefined && next.sequence <= through; next = written.peek()) {
      written.shift();
      if (!next.isSettled) unsettledWritten--;
    }
    droppedThrough = through;
    while (readThrough < through) {
      const limits = { maxEvents: Number.POSITIVE_INFINITY, maxBytes: largestBatchBytes };
      for (const { message } of taken(await spool.read(readThrough, limits))) {
        options.onResult(message, "dropped-spool-full");
      }
    }
    await spool.dropOldest();
  }

  async function refill(): Promise<void> {
    const { events, bytes } = inMemory();
    const limits = { maxEvents: maxEvents - events, maxBytes: maxBytes - bytes };
    for (const { message, sequence } of taken(await spool.read(readThrough, limits))) {
      const entry = entryOf(message, sequence);
      written.push(entry);
      unsettledWritten++;
      window.add(entry);
    }
    noteProgress();
  }

  /** What has been read is no more in the spool alone: each of these events has to be accounted for before the next await. */
  function taken({ events, through, torn }: SpoolRead): readonly SpooledEvent[] {
    readThrough = through;
    if (torn > 0) options.onTorn(torn);
    return events;
  }

  /** Writes whatever is not written, due or not. */
  async function flush(): Promise<void> {
    await jobs.stop();
    while (writing.dueAtMs() < Number.POSITIVE_INFINITY && (await jobs.runNow(writing)));
    await jobs.runNow(tidying);
    await syncs.stop();
    if (!spool.isSynced()) await syncs.runNow(syncing);
  }

  jobs.look();
  return {
    add: (message) => {
      const entry = entryOf(message);
      if (behind.events === 0 && inSpoolAlone() === 0 && hasRoom()) {
        addToWindow(entry);
      } else {
        waiting.push(entry);
        behind.events++;
        behind.bytes += entry.payload.length;
      }
      keepBounds(entry);
      jobs.look();
    },
    wake: window.wake,
    size,
    spooled: () => ({ events: inSpool(), bytes: spool.bytes() }),
    drained: async (hurry) => {
      if (size().events > 0 && !hurry.aborted) {
        await new Promise<void>((resolve) => {
          onEmpty = resolve;
          hurry.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      await window.drained(AbortSignal.abort());
      await flush();
      if (inSpool() > 0) options.onKept(inSpool());
      return size().events - inSpool();
    },
  };
}
