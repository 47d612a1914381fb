import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "./spool-error.js";

/** One file of a spool: a mark and then event records with consecutive sequences, `first` to `last`; empty if `last` < `first`. */
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

/** The segments that are there, the oldest first. What the newest holds is not known yet; each other ends where the next begins. */
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

/** Resolves when the machine may die: a file's contents, or the names in a directory, are on disk. What is gone needs no sync. */
export async function syncPath(path: string): Promise<void> {
  try {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Not every file system syncs directories; those see to the names themselves.
    if (!["ENOENT", "EINVAL", "ENOTSUP"].includes(errnoOf(error))) throw error;
  }
}
