import type { Segment } from "./segment.js";

/** One write to a segment, kept in memory until a sync has succeeded. */
export type Copy = {
  readonly segment: Segment;
  /** Where in the segment it begins. */
  readonly at: number;
  /** The sequences of its events. */
  readonly first: number;
  readonly last: number;
  readonly bytes: Buffer;
};

/** The writes since the last good sync, oldest first, with consecutive sequences. */
export type Copies = {
  bytes(): number;
  all(): readonly Copy[];
  add(copy: Copy): void;
  /** Puts one in place of all. */
  replace(copy: Copy): void;
  /** Forgets the oldest; false when there is none. */
  forgetOldest(): boolean;
  /** Forgets those with no event behind this sequence. */
  forgetThrough(sequence: number): void;
};

export function createCopies(): Copies {
  let copies: Copy[] = [];
  let bytes = 0;

  function keep(kept: Copy[]): void {
    copies = kept;
    bytes = kept.reduce((sum, copy) => sum + copy.bytes.length, 0);
  }

  return {
    bytes: () => bytes,
    all: () => copies,
    add: (copy) => {
      copies.push(copy);
      bytes += copy.bytes.length;
    },
    replace: (copy) => keep([copy]),
    forgetOldest: () => {
      const [oldest, ...rest] = copies;
      if (oldest !== undefined) keep(rest);
      return oldest !== undefined;
    },
    forgetThrough: (sequence) => keep(copies.filter(({ last }) => last > sequence)),
  };
}
