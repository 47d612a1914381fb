import { constants, type FileHandle, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "./spool-error.js";

/**
 * One file of a spool: a mark and then event records with consecutive sequences, `first` to `last`; empty if `last` <
 * `first`.
 */
export type Segment = {
  readonly path: string;
  readonly first: number;
  last: number;
  /** Up to here it holds whole records. */
  bytes: number;
};

const segmentName = /^(\d{16})\.spool$/;

export function segmentAt(dir: string, first: number): Segment {
  const name = `${String(first).padStart(16, "0")}.spool`;
  return { path: join(dir, name), first, last: first - 1, bytes: 0 };
}

/**
 * The segments that are there, the oldest first. What the newest holds is not known yet; each other ends where the next
 * begins.
 */
export async function listSegments(dir: string): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const name of (await readdir(dir)).toSorted()) {
    const [, first] = segmentName.exec(name) ?? [];
    if (first === undefined) continue;
    const segment = segmentAt(dir, Number(first));
    segment.bytes = (await stat(segment.path)).size;
    const older = segments.at(-1);
    if (older !== undefined) older.last = segment.first - 1;
    segments.push(segment);
  }
  return segments;
}

/** The bytes of a file from `from` to `to`, fewer if it ends before. */
export async function readBytes(path: string, from: number, to: number): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const bytes = Buffer.allocUnsafe(to - from);
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await file.close();
  }
}

/** Not every file system syncs everything; those that do not see to it themselves. */
const needsNoSync = ["EINVAL", "ENOTSUP"];

/** Resolves when the machine may lose its power: what was written to the file is on disk. */
export async function syncFile(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } catch (error) {
    if (!needsNoSync.includes(errnoOf(error))) throw error;
  }
}

/** The same for the names in a directory. One that is gone needs no sync. */
export async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await syncFile(directory);
    } finally {
      await directory.close();
    }
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
