import { setTimeout } from "node:timers/promises";

/** Resolves after `ms` milliseconds. Rejects with an AbortError as soon as `signal` aborts. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return setTimeout(ms, undefined, signal && { signal });
}

/**
 * Resolves after `ms` milliseconds, or as soon as `signal` aborts; it never rejects, so the caller checks the signal.
 */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, signal).catch(() => undefined);
}
