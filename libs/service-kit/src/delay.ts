import { setTimeout } from "node:timers/promises";

/** Resolves after `ms` milliseconds. Rejects with an AbortError as soon as `signal` aborts. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return setTimeout(ms, undefined, signal && { signal });
}
