import { setTimeout as sleep } from "node:timers/promises";

/** Resolves after `ms`, or at once when the signal aborts; it never rejects, so the caller looks at the signal itself. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** Resolves when the work does, after `ms` at the latest; rejects when the work does before that. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([work, pause(ms, over.signal)]);
  } finally {
    over.abort();
  }
}

/**
 * NATS says that a stream or consumer is deleted before it has removed the files. One of the same name that is made in that
 * moment loses its own: a stream refuses every message from then on. So this long nothing is made.
 */
export const deletionMs = 2_000;

/** Doubles from 250 ms to 5 s, each time with up to half of it taken off at random, so that replicas do not come back in step. */
export function backoffMs(attempt: number): number {
  const full = Math.min(250 * 2 ** attempt, 5_000);
  return full - Math.random() * (full / 2);
}
