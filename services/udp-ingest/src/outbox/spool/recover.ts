import { decodeRecords } from "./record.js";
import { listSegments, readBytes, type Segment } from "./segment.js";

export type Recovered = {
  /** The oldest first. */
  readonly segments: Segment[];
  /** All up to this sequence is settled. */
  readonly mark: number;
  /** The sequence of the newest event, which need not be there any more. */
  readonly last: number;
  /** Records at the end that are torn. How many they were nobody knows: one is counted. */
  readonly torn: number;
};

/**
 * Finds the segments in a directory, where the newest ends, and the newest mark. Every segment begins with a mark, so
 * only one that was just begun or is damaged has to be looked behind: it takes no longer when there is much.
 */
export async function recover(dir: string): Promise<Recovered> {
  const segments = await listSegments(dir);
  const newest = segments.at(-1);
  // What was deleted was settled, or is gone.
  let mark = (segments[0]?.first ?? 1) - 1;
  let torn = 0;
  for (const segment of segments.toReversed()) {
    let hasMark = false;
    for (const { record } of decodeRecords(await readBytes(segment.path, 0, segment.bytes), true)) {
      if (record?.kind === "mark") mark = Math.max(mark, record.sequence);
      hasMark ||= record?.kind === "mark";
      if (segment !== newest) continue;
      if (record?.kind === "event") segment.last = Math.max(segment.last, record.sequence);
      if (record?.kind !== "mark") torn = record === undefined ? 1 : 0;
    }
    if (hasMark) break;
  }
  return { segments, mark, last: Math.max(newest?.last ?? 0, mark), torn };
}
