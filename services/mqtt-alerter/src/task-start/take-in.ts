import { BusError } from "@sense-alerts/bus";
import { backoff, delay } from "@sense-alerts/service-kit";
import type { StartLog } from "./start-log.js";
import type { IncomingRequest } from "./start-request.js";
import { identify, type StoredRequest } from "./stored-request.js";

export type TakeInOptions = {
  readonly log: Pick<StartLog, "store">;
  /** Stored; `repeated` when another replica, or the same message before, was quicker. */
  readonly onTaken: (request: StoredRequest, repeated: boolean) => void;
  readonly onIgnored: (incoming: IncomingRequest, reason: "retained" | "not-storable") => void;
  readonly onRetry: (request: StoredRequest, error: BusError) => void;
};

/**
 * Makes what is called with each message of the start topic. Resolves once the request is stored, or is to be ignored: the broker may
 * forget it then. Rejects when the signal aborts before that. `lateMs`: how long other replicas may have had the message before.
 */
export function createTakeIn(
  options: TakeInOptions,
): (incoming: IncomingRequest, lateMs: number, signal: AbortSignal) => Promise<void> {
  return async (incoming, lateMs, signal) => {
    // The broker hands it over at every new subscription: what somebody wanted once would be done again and again.
    if (incoming.retained) return options.onIgnored(incoming, "retained");
    const identified = identify(incoming, new Date());
    const retry = backoff({ minMs: 100, maxMs: 2_000 });
    const startMs = performance.now();
    let tries = 0;
    for (;;) {
      try {
        const waitedMs = tries++ === 0 ? 0 : performance.now() - startMs;
        const stored = await options.log.store(identified, lateMs + waitedMs);
        return options.onTaken(identified.request, !stored);
      } catch (error) {
        if (!(error instanceof BusError)) throw error;
        if (error.code === "too-large") return options.onIgnored(incoming, "not-storable");
        options.onRetry(identified.request, error);
        await delay(retry.next(), signal);
      }
    }
  };
}
