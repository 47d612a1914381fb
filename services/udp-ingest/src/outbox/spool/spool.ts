import { prepareDirectory } from "./directory.js";
import { lockDirectory } from "./lock.js";
import { awaitOwnerless, type OwnerOptions } from "./owner.js";
import { encodeMarkRecord } from "./record.js";
import { recover } from "./recover.js";
import { createSegmentFiles } from "./segment-files.js";
import { createSegmentReader, type ReadLimits, type SpoolRead } from "./segment-reader.js";
import { errnoOf, SpoolError } from "./spool-error.js";

/**
 * An append-only log of events in a directory, in segments. Events have consecutive sequences. Its calls must not
 * overlap, but for `sync` and the ones that return at once. They reject with the error of the file system; what was
 * there before is then there still.
 */
export type Spool = {
  readonly dir: string;
  readonly maxBytes: number;
  /** No more than this goes into one segment, unless it is appended at once. */
  readonly segmentBytes: number;
  /** Torn records at the end of what an earlier process wrote. */
  readonly tornAtOpen: number;
  /** The sequence of the newest event, which need not be there any more. */
  last(): number;
  /** All up to this sequence is settled. */
  mark(): number;
  bytes(): number;
  /** Whether it stays within `maxBytes` with these records appended; an empty spool has room for any. */
  hasRoomFor(records: readonly Buffer[]): boolean;
  /**
   * Resolves when the records are written: this process may be killed now. The n-th has the sequence `last() + n` of
   * before. After a rejection none of them counts as there. What a failed sync has put in doubt is written again first,
   * also for no records.
   */
  append(records: readonly Buffer[]): Promise<void>;
  /** Whether the machine may die, too, without a loss of what has been appended. */
  isSynced(): boolean;
  /**
   * Resolves when what had been appended by the time of the call has survived that. When it fails, that may be lost:
   * `mustRewrite`.
   */
  sync(): Promise<void>;
  /** Whether there is something that `sync` would do. */
  needsSync(): boolean;
  /** Whether a sync has failed, so that the next `append` writes again what was appended since the last good one. */
  mustRewrite(): boolean;
  /** Bytes in memory for that. */
  unsyncedBytes(): number;
  /** Gives up the oldest of them, and trusts the disk; false when there is none. */
  forgetUnsynced(): boolean;
  /** Takes note that all up to this sequence is settled. The next `append` or `tidy` writes it down. */
  settle(through: number): void;
  /** Deletes the segments in which all is settled, and writes down up to where it is in the others. */
  tidy(): Promise<void>;
  /**
   * Reads what comes after the sequence `after`: at least one event if there is one, and no more than the limits allow.
   */
  read(after: number, limits: ReadLimits): Promise<SpoolRead>;
  /** The sequence up to which `dropOldest` would take everything away. */
  oldestThrough(): number;
  dropOldest(): Promise<void>;
  close(): Promise<void>;
};

const largestSegmentBytes = 8 * 1024 * 1024;
const segmentsAtLeast = 8;
const markRecordBytes = encodeMarkRecord(0).length;

/**
 * Opens the spool in a directory, which is made if it is not there, and makes it this process's own: against others on
 * this host by a lock, and against other hosts by a file that names the owner. What an owner on another host has left
 * when it died is taken over after 10 s. Rejects with a SpoolError.
 */
export async function openSpool(dir: string, maxBytes: number, ownerOptions: OwnerOptions): Promise<Spool> {
  await prepareDirectory(dir);
  // Before the lock: whoever takes that deletes what looks like the lock of a dead process.
  const owner = await orUnusable(dir, awaitOwnerless(dir, ownerOptions));
  const lock = await lockDirectory(dir);
  try {
    await owner.claim();
    const spool = await recoverSpool(dir, maxBytes);
    const owned = <A extends readonly unknown[], R>(operation: (...args: A) => Promise<R>) => {
      return async (...args: A): Promise<R> => {
        await owner.check();
        return operation(...args);
      };
    };
    return {
      ...spool,
      append: owned(spool.append),
      sync: owned(spool.sync),
      tidy: owned(spool.tidy),
      read: owned(spool.read),
      dropOldest: owned(spool.dropOldest),
      close: async () => {
        try {
          await spool.close();
        } finally {
          await owner.release();
          await lock.release();
        }
      },
    };
  } catch (error) {
    await owner.release();
    await lock.release();
    return orUnusable(dir, Promise.reject(error));
  }
}

async function orUnusable<T>(dir: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof SpoolError || (error instanceof Error && error.name === "AbortError")) throw error;
    throw new SpoolError("unusable", dir, `cannot be read (${errnoOf(error)})`, error);
  }
}

async function recoverSpool(dir: string, maxBytes: number): Promise<Spool> {
  const segmentBytes = Math.min(largestSegmentBytes, Math.floor(maxBytes / segmentsAtLeast));
  const reader = createSegmentReader();
  const recovered = await recover(dir);
  const { segments } = recovered;
  const files = createSegmentFiles(dir, segments);
  let { mark, last } = recovered;
  let writtenMark = mark;

  const bytes = () => segments.reduce((sum, segment) => sum + segment.bytes, 0);

  async function write(records: readonly Buffer[]): Promise<void> {
    if (files.mustRewrite()) await files.rewrite(mark);
    const newMark = mark;
    if (records.length === 0 && newMark <= writtenMark) return;
    if (files.activeBytes() + sizeOf(records) > segmentBytes) await files.endSegment();
    const hasNews = newMark > writtenMark || files.activeBytes() === 0;
    const batch = hasNews ? [encodeMarkRecord(newMark), ...records] : records;
    await files.append(Buffer.concat(batch), last + 1, last + records.length);
    last += records.length;
    writtenMark = newMark;
  }

  return {
    dir,
    maxBytes,
    segmentBytes,
    tornAtOpen: recovered.torn,
    last: () => last,
    mark: () => mark,
    bytes,
    hasRoomFor: (records) => bytes() === 0 || bytes() + sizeOf(records) + markRecordBytes <= maxBytes,
    append: write,
    isSynced: () => !files.needsSync() && !files.mustRewrite(),
    sync: files.sync,
    needsSync: files.needsSync,
    mustRewrite: files.mustRewrite,
    unsyncedBytes: files.unsyncedBytes,
    forgetUnsynced: files.forgetUnsynced,
    settle: (through) => {
      mark = Math.max(mark, through);
    },
    tidy: async () => {
      for (const segment of segments.filter(({ last }) => last <= mark)) await files.remove(segment);
      if (segments.length > 0) await write([]);
      else if (files.mustRewrite()) await files.rewrite(mark);
    },
    read: async (after, limits) => {
      const segment = segments.find((one) => one.last > after);
      return segment === undefined ? { events: [], through: after, torn: 0 } : reader.read(segment, after, limits);
    },
    oldestThrough: () => segments[0]?.last ?? last,
    dropOldest: async () => {
      const [oldest] = segments;
      if (oldest === undefined) return;
      await files.remove(oldest);
      mark = Math.max(mark, oldest.last);
    },
    close: files.close,
  };
}

function sizeOf(records: readonly Buffer[]): number {
  return records.reduce((sum, { length }) => sum + length, 0);
}
