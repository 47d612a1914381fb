import { type FileHandle, open, rename, rm, truncate } from "node:fs/promises";
import { type Copy, createCopies } from "./copies.js";
import { makeDirectory } from "./directory.js";
import { encodeMarkRecord } from "./record.js";
import { type Segment, segmentAt, syncDirectory, syncFile } from "./segment.js";
import { errnoOf, SpoolError, syscallOf } from "./spool-error.js";

type OpenSegment = { readonly segment: Segment; readonly file: FileHandle };

/**
 * The newest segment, which is appended to, and what of all of them is not synced. Calls must not overlap, but for
 * `sync`.
 */
export type SegmentFiles = {
  /**
   * Appends one write with the events `first` to `last`, none if `last` < `first`. After a rejection nothing of it
   * counts as there.
   */
  append(bytes: Buffer, first: number, last: number): Promise<void>;
  /** The bytes of the segment that `append` would write to; 0 when that is a new one. */
  activeBytes(): number;
  /** What comes next goes to another segment. */
  endSegment(): Promise<void>;
  remove(segment: Segment): Promise<void>;
  /** Rejects when the kernel could not write everything; then it `mustRewrite`. */
  sync(): Promise<void>;
  needsSync(): boolean;
  mustRewrite(): boolean;
  /** Writes what was written since the last good sync to a new segment, which takes the place of the old ones. */
  rewrite(mark: number): Promise<void>;
  /** Bytes in memory that `rewrite` would write. */
  unsyncedBytes(): number;
  /** Gives up the oldest of them; false when there is none. */
  forgetUnsynced(): boolean;
  close(): Promise<void>;
};

const fileMode = 0o600;

/**
 * A sync that has failed is not tried again: the kernel drops what it could not write, and the next sync succeeds all
 * the same (fsync(2), and Rebello et al., "Can Applications Recover from fsync Failures?", 2020). So files are synced
 * by the handle that wrote them, which learns of each failure, and every write is kept in memory until then.
 */
export function createSegmentFiles(dir: string, segments: Segment[]): SegmentFiles {
  const copies = createCopies();
  let active: OpenSegment | undefined;
  let unsynced = new Set<OpenSegment>();
  /** It has files whose names may not be on disk. */
  let isDirUnsynced = false;
  /** Of a sync: what was written before it may be lost. */
  let failure: unknown;

  async function openSegment(first: number): Promise<OpenSegment> {
    const newest = segments.at(-1);
    // One of that name may be there: with a mark only, or with the rest of an append that failed, which must go.
    const segment = newest?.first === first ? newest : segmentAt(dir, first);
    const file = await openFile(segment.path);
    if (segment !== newest) segments.push(segment);
    await file.truncate(segment.bytes).catch(async (error: unknown) => {
      await file.close();
      throw error;
    });
    isDirUnsynced = true;
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

  async function endSegment(): Promise<void> {
    const ended = active;
    active = undefined;
    // Its sync closes it.
    if (ended !== undefined && !unsynced.has(ended)) await ended.file.close();
  }

  async function append(bytes: Buffer, first: number, last: number): Promise<void> {
    active ??= await openSegment(first);
    const { segment, file } = active;
    try {
      await file.appendFile(bytes);
      // Writing to a file succeeds even when it has been removed.
      if ((await file.stat()).nlink === 0)
        throw new SpoolError("unusable", dir, "is losing its files: somebody removes them");
    } catch (error) {
      // How much of it is on disk cannot be known, so nothing may follow it in this file. What is appended again has
      // the same sequences in the next segment, which is the one that the reader takes them from.
      await endSegment().catch(() => undefined);
      throw error;
    }
    // A mark by itself may be lost with the machine: some events are sent again then.
    if (last >= first) {
      unsynced.add(active);
      copies.add({ segment, at: segment.bytes, first, last, bytes });
    }
    segment.bytes += bytes.length;
    segment.last = Math.max(segment.last, last);
  }

  async function sync(): Promise<void> {
    if (failure !== undefined) throw failure;
    const due = [...unsynced].map((one) => ({ one, through: one.segment.last }));
    const isDirDue = isDirUnsynced;
    isDirUnsynced = false;
    try {
      for (const { one } of due) if (unsynced.has(one)) await syncFile(one.file);
      if (isDirDue) await syncDirectory(dir);
    } catch (error) {
      isDirUnsynced ||= isDirDue;
      if (syscallOf(error) === "fsync") failure = error;
      throw error;
    }
    for (const { one, through } of due) {
      copies.forgetThrough(through);
      if (one.segment.last > through) continue; // it has been appended to meanwhile
      unsynced.delete(one);
      if (one !== active) await one.file.close();
    }
  }

  async function rewrite(mark: number): Promise<void> {
    copies.forgetThrough(mark);
    const inDoubt = new Set(unsynced);
    if (active !== undefined) inDoubt.add(active);
    active = await replaceCopied(encodeMarkRecord(mark));
    unsynced = new Set(active && [active]);
    failure = undefined;
    for (const { file } of inDoubt) await file.close().catch(() => undefined);
  }

  /** Writes the copies to a file of their own before it gets its name: a kill at any moment leaves one or the other. */
  async function replaceCopied(mark: Buffer): Promise<OpenSegment | undefined> {
    const [oldest, newest] = [copies.all().at(0), copies.all().at(-1)];
    if (oldest === undefined || newest === undefined) return undefined;
    const bytes = Buffer.concat(copies.all().map((copy) => copy.bytes));
    const segment = { ...segmentAt(dir, oldest.first), last: newest.last, bytes: mark.length + bytes.length };
    const newPath = `${segment.path}.new`;
    await rm(newPath, { force: true });
    const file = await openFile(newPath);
    try {
      await file.appendFile(Buffer.concat([mark, bytes]));
      await rename(newPath, segment.path);
    } catch (error) {
      await file.close();
      throw error;
    }
    await giveWay(segment, oldest);
    copies.replace({ segment, at: 0, first: segment.first, last: segment.last, bytes });
    isDirUnsynced = true;
    return { segment, file };
  }

  /** The new segment takes the place of those that begin in it, and of the end of the one before it. */
  async function giveWay(segment: Segment, { segment: before, at }: Copy): Promise<void> {
    const older = segments.filter(({ first }) => first < segment.first);
    const replaced = segments.slice(older.length);
    segments.splice(older.length, replaced.length, segment);
    for (const { path } of replaced) if (path !== segment.path) await rm(path, { force: true }).catch(() => undefined);
    if (before !== older.at(-1)) return;
    before.last = segment.first - 1;
    before.bytes = at;
    await truncate(before.path, at).catch(() => undefined);
  }

  return {
    append,
    activeBytes: () => active?.segment.bytes ?? 0,
    endSegment,
    remove: async (segment) => {
      const opened = [...unsynced, active].filter((one) => one?.segment === segment);
      for (const one of opened) if (one !== undefined) unsynced.delete(one);
      if (active?.segment === segment) active = undefined;
      copies.forgetThrough(segment.last);
      for (const one of opened) await one?.file.close();
      await rm(segment.path, { force: true });
      segments.splice(segments.indexOf(segment), 1);
    },
    sync,
    needsSync: () => failure === undefined && (unsynced.size > 0 || isDirUnsynced),
    mustRewrite: () => failure !== undefined,
    rewrite,
    unsyncedBytes: copies.bytes,
    forgetUnsynced: copies.forgetOldest,
    close: async () => {
      const opened = new Set([...unsynced, ...(active === undefined ? [] : [active])]);
      active = undefined;
      unsynced = new Set();
      for (const { file } of opened) await file.close();
    },
  };
}
