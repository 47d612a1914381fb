import { setTimeout as delay } from "node:timers/promises";

export interface EventuallyOptions {
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
  /** What is waited for, for the message on time-out. */
  readonly what?: string;
}

/**
 * Calls `check` until it returns without throwing, and returns what it returned. A returned `false` is a value like any
 * other: let the check assert. Rejects on time-out, or when one call of `check` lasts beyond it, with the last failure
 * as `cause`.
 */
export async function eventually<T>(check: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const { timeoutMs = 10_000, intervalMs = 20, what = "the expected state" } = options;
  const deadline = performance.now() + timeoutMs;
  let lastFailure: unknown;
  for (;;) {
    try {
      return await within(deadline - performance.now(), check);
    } catch (error) {
      if (!(error instanceof CheckTimeout) || lastFailure === undefined) lastFailure = error;
    }
    if (performance.now() + intervalMs > deadline) {
      const reason = lastFailure instanceof Error ? lastFailure.message : String(lastFailure);
      throw new Error(`waited ${timeoutMs} ms for ${what}: ${reason}`, { cause: lastFailure });
    }
    await delay(intervalMs);
  }
}

class CheckTimeout extends Error {}

async function within<T>(ms: number, check: () => T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CheckTimeout("the check itself did not return in time")), Math.max(ms, 1));
  });
  try {
    return await Promise.race([check(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
