/** A point in time that a call has to be done by. */
export type Deadline = {
  /** Milliseconds left; 0 when it has passed. */
  leftMs(): number;
  /** Whether the call was ended from outside: there is no use in going on. */
  readonly closed: AbortSignal;
};

export function deadlineIn(ms: number, closed: AbortSignal): Deadline {
  const atMs = performance.now() + ms;
  return { leftMs: () => Math.max(0, atMs - performance.now()), closed };
}
