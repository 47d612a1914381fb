import { backoffMs } from "@sense-alerts/link-kit";

/**
 * NATS says that a stream or consumer is deleted before it has removed the files. One of the same name that is created
 * in that moment loses its own: a stream refuses every message from then on. So nothing is created for this long.
 */
export const deletionMs = 2_000;

/** How long to wait after a failed attempt to reach NATS, counted from 0: 250 ms to 5 s. */
export function retryDelayMs(attempt: number): number {
  return backoffMs(attempt, { minMs: 250, maxMs: 5_000 });
}
