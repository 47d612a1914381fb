import { type FileHandle, open, rm } from "node:fs/promises";
import { makeDirectory, prepareDirectory } from "./directory.js";
import { lockDirectory } from "./lock.js";
import { decodeRecords, encodeMarkRecord } from "./record.js";
import { listSegments, readBytes, type Segment, segmentAt, syncPath } from "./segment.js";
import { createSegmentReader, type ReadLimits, type SpoolRead } from "./segment-reader.js";
import { errnoOf, SpoolError } from "./spool-error.js";

/**
 * An append-only log of events in a directory, in segments. Events have consecutive sequences. Its calls must not overlap, but for
 * `sync` and the ones that return at once. They reject with the error of the file system; what was there before is then there still.
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
   * Resolves when the records are written: this process may be killed now. The n-th has the sequence `last() + n` of before. After
   * a rejection none of them counts as there.
   */
  append(records: readonly Buffer[]): Promise<void>;
  /** Whether the machine may die, too, without a loss of what has been appended. */
  isSynced(): boolean;
  /** Resolves when what had been appended by the time of the call has survived that. */
  sync(): Promise<void>;
  /** Takes note that all up to this sequence is settled. The next `append` or `tidy` writes it down. */
  settle(through: number): void;
  /** Deletes the segments in which all is settled, and writes down up to where it is in the others. */
  tidy(): Promise<void>;
  /** Reads what comes after the sequence `after`: at least one event if there is one, and no more than the limits allow. */
  read(after: number, limits: ReadLimits): Promise<SpoolRead>;
  /** The sequence up to which `dropOldest` would take everything away. */
  oldestThrough(): number;
  dropOldest(): Promise<void>;
  close(): Promise<void>;
};

type OpenSegment = { readonly segment: Segment; readonly file: FileHandle };

const largestSegmentBytes = 8 * 1024 * 1024;
const segmentsAtLeast = 8;
const fileMode = 0o600;
const markRecordBytes = encodeMarkRecord(0).length;

/**
 * Opens the spool in a directory, which is made if it is not there, and locks it against other processes. Looks at the newest segment
 * only, so it takes no longer when there is much. Rejects with a SpoolError.
 */
export async function openSpool(dir: string, maxBytes: number): Promise<Spool> {
  await prepareDirectory(dir);
  const lock = await lockDirectory(dir);
  try {
    const spool = await recoverSpool(dir, maxBytes);
    return {
      ...spool,
      close: async () => {
        try {
          await spool.close();
        } finally {
          await lock.release();
        }
      },
    };
  } catch (error) {
    await lock.release();
    throw error instanceof SpoolError
      ? error
      : new SpoolError("unusable", dir, `cannot be read (${errnoOf(error)})`, error);
  }
}

async function recoverSpool(dir: string, maxBytes: number): Promise<Spool> {
  const segmentBytes = Math.min(largestSegmentBytes, Math.floor(maxBytes / segmentsAtLeast));
  const reader = createSegmentReader();
  const segments = await listSegments(dir);
  const { recoveredMark, lastRecovered, torn } = await recover(segments);
  let mark = recoveredMark;
  let last = lastRecovered;
  let writtenMark = mark;
  let active: OpenSegment | undefined;
  /** Files that have been appended to, and the directory when there are new ones in it, since they were last synced. */
  let unsynced = new Set<string>();

  const bytes = () => segments.reduce((sum, segment) => sum + segment.bytes, 0);

  async function openSegment(): Promise<OpenSegment> {
    const newest = segments.at(-1);
    // One of that name may be there: with a mark alone, or with what an append left behind that failed, which must go.
    const segment = newest?.first === last + 1 ? newest : segmentAt(dir, last + 1);
    const file = await openFile(segment.path);
    if (segment !== newest) segments.push(segment);
    await file.truncate(segment.bytes).catch(async (error: unknown) => {
      await file.close();
      throw error;
    });
    unsynced.add(dir);
    return { segment, file };
  }

  async function openFile(path: string): Promise<FileHandle> {
    try {
      return await open(path, "a", fileMode);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
      await makeDirectory(dir); // somebody has removed it
      return open(path, "a", fileMode);
    }
  }

  async function closeSegment(): Promise<void> {
    const file = active?.file;
    active = undefined;
    await file?.close();
  }

  async function write(records: readonly Buffer[]): Promise<void> {
    if (active !== undefined && active.segment.bytes + sizeOf(records) > segmentBytes) await closeSegment();
    active ??= await openSegment();
    const { segment, file } = active;
    const newMark = mark;
    const hasNews = newMark > writtenMark || segment.bytes === 0;
    const batch = Buffer.concat(hasNews ? [encodeMarkRecord(newMark), ...records] : records);
    try {
      await file.appendFile(batch);
      // Writing to a file goes well even when it has been removed.
      if ((await file.stat()).nlink === 0)
        throw new SpoolError("unusable", dir, "is losing its files: somebody removes them");
    } catch (error) {
      // How much of it is on disk cannot be known, so nothing may follow it in this file. What is appended again has the same
      // sequences in the next segment, which is the one that the reader takes them from.
      await closeSegment().catch(() => undefined);
      throw error;
    }
    // A mark by itself may be lost with the machine: some events are sent again then.
    if (records.length > 0) unsynced.add(segment.path);
    segment.bytes += batch.length;
    segment.last += records.length;
    last += records.length;
    writtenMark = newMark;
  }

  async function remove(segment: Segment): Promise<void> {
    if (active?.segment === segment) await closeSegment();
    await rm(segment.path, { force: true });
    segments.splice(segments.indexOf(segment), 1);
  }

  return {
    dir,
    maxBytes,
    segmentBytes,
    tornAtOpen: torn,
    last: () => last,
    mark: () => mark,
    bytes,
    hasRoomFor: (records) => bytes() === 0 || bytes() + sizeOf(records) + markRecordBytes <= maxBytes,
    append: write,
    isSynced: () => unsynced.size === 0,
    sync: async () => {
      const due = unsynced;
      unsynced = new Set();
      try {
        for (const path of due) await syncPath(path);
      } catch (error) {
        unsynced = new Set([...due, ...unsynced]);
        throw error;
      }
    },
    settle: (through) => {
      mark = Math.max(mark, through);
    },
    tidy: async () => {
      for (const segment of segments.filter(({ last }) => last <= mark)) await remove(segment);
      if (segments.length > 0 && mark > writtenMark) await write([]);
    },
    read: async (after, limits) => {
      const segment = segments.find((one) => one.last > after);
      return segment === undefined ? { events: [], through: after, torn: 0 } : reader.read(segment, after, limits);
    },
    oldestThrough: () => segments[0]?.last ?? last,
    dropOldest: async () => {
      const [oldest] = segments;
      if (oldest === undefined) return;
      await remove(oldest);
      mark = Math.max(mark, oldest.last);
    },
    close: closeSegment,
  };
}

/**
 * Finds out where the newest segment ends, and the newest mark. Of a torn end nobody knows how many records it was: one is counted.
 * Every segment begins with a mark, so only one that was just begun or is damaged has to be looked behind.
 */
async function recover(segments: readonly Segment[]) {
  const newest = segments.at(-1);
  // What was deleted was settled, or is gone.
  let recoveredMark = (segments[0]?.first ?? 1) - 1;
  let torn = 0;
  for (const segment of segments.toReversed()) {
    let hasMark = false;
    for (const { record } of decodeRecords(await readBytes(segment.path, 0, segment.bytes), true)) {
      if (record?.kind === "mark") recoveredMark = Math.max(recoveredMark, record.sequence);
      hasMark ||= record?.kind === "mark";
      if (segment !== newest) continue;
      if (record?.kind === "event") segment.last = Math.max(segment.last, record.sequence);
      if (record?.kind !== "mark") torn = record === undefined ? 1 : 0;
    }
    if (hasMark) break;
  }
  return { recoveredMark, lastRecovered: Math.max(newest?.last ?? 0, recoveredMark), torn };
}

function sizeOf(records: readonly Buffer[]): number {
  return records.reduce((sum, { length }) => sum + length, 0);
}
