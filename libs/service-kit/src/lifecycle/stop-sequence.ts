import type { LogLine } from "../logger.js";

/**
 * Ends one part of a service. `hurry` aborts when most of the time for the whole stop has gone: what is still waiting
 * for the other side should then give up and let go.
 */
export type Closer = (hurry: AbortSignal) => void | Promise<void>;

export interface StopSequenceOptions {
  readonly logger: Readonly<Record<"debug" | "error", LogLine>>;
  /** For the whole stop, from `begin()` on. */
  readonly timeoutMs: number;
  /** Called when the time is over; the part that it waited for is in the log by then. */
  readonly onTimeout: () => void;
}

export interface StopSequence {
  add(name: string, close: Closer): void;
  /** Starts the clock. */
  begin(): void;
  /** Runs the closers, the last added first, each in its own try. Resolves with their number and how many failed. */
  run(): Promise<{ readonly parts: number; readonly failed: number }>;
}

const hurryShare = 0.8;

export function createStopSequence({ logger, timeoutMs, onTimeout }: StopSequenceOptions): StopSequence {
  const closers: { name: string; close: Closer }[] = [];
  const hurry = new AbortController();
  let waitingFor = "start";
  let timers: readonly NodeJS.Timeout[] = [];
  return {
    add(name, close) {
      closers.push({ name, close });
    },
    begin() {
      timers = [
        setTimeout(() => hurry.abort(new Error("the time for the stop is nearly over")), timeoutMs * hurryShare),
        setTimeout(() => {
          logger.error({ part: waitingFor, timeoutMs }, "part did not stop in time");
          onTimeout();
        }, timeoutMs),
      ];
    },
    async run() {
      let parts = 0;
      let failed = 0;
      for (let next = closers.pop(); next !== undefined; next = closers.pop()) {
        waitingFor = next.name;
        parts++;
        try {
          await next.close(hurry.signal);
          logger.debug({ part: next.name }, "part stopped");
        } catch (err) {
          failed++;
          logger.error({ err, part: next.name }, "part did not stop cleanly");
        }
      }
      for (const timer of timers) clearTimeout(timer);
      return { parts, failed };
    },
  };
}
