import { BusError, type BusMessage, type OnAnswer, type PublishAnswer } from "@sense-alerts/bus";
import { Fifo } from "./fifo.js";
import { InFlight } from "./in-flight.js";

/** What became of a message: those that begin with `dropped` are losses, and counted as such. */
export const outboxResults = [
  "stored",
  "duplicate",
  "dropped-buffer-full",
  "dropped-spool-full",
  "dropped-too-large",
] as const;

export type OutboxResult = (typeof outboxResults)[number];

type WithPayload = Pick<BusMessage, "payload">;

export type OutboxOptions<M extends WithPayload> = {
  /** Sends a message, and tells once what became of it: before it returns when it could not be sent at all. */
  readonly send: (message: M, onAnswer: OnAnswer<M>) => void;
  /** Bounds of what is kept: past either, the oldest go first, but for those in flight and the newest of all. */
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** Called once for each message. */
  readonly onResult: (message: M, result: OutboxResult) => void;
  /** Called for each failure that will be tried again. */
  readonly onRetry: (error: BusError) => void;
};

export type Outbox<M> = {
  add(message: M): void;
  /** Tries again at once, since the connection is back. */
  wake(): void;
  size(): { events: number; bytes: number };
  /** Whether memory has room within its bounds for so many more events, or datagrams that become events. */
  hasRoomFor(events: number, bytes: number): boolean;
  /** Whether there will soon be more room without a loss, so that whoever adds had better pause: the spool is being written. */
  makesRoom(): boolean;
  /** Resolves when all is stored or `hurry` aborts; to how many messages were left, and are lost when the process ends. */
  drained(hurry: AbortSignal): Promise<number>;
};

/** An outbox whose owner sees to the bounds. */
export type MemoryOutbox<M> = Outbox<M> & {
  /** Drops the oldest that is not in flight, if `isDue` says so; returns whether it did. */
  dropOldest(result: OutboxResult, isDue: (message: M) => boolean): boolean;
};

/** How many acknowledgements may be outstanding: more gains nothing and only lengthens a rewind. */
const windowSize = 256;
const retryAfterMs = 500;

/**
 * Keeps messages in memory until NATS has acknowledged them. They go out in order; after a failure all that is not
 * acknowledged goes out again, in order and with the same ids, so that the stream drops what it had already stored.
 */
export function createOutbox<M extends WithPayload>(options: OutboxOptions<M>): MemoryOutbox<M> {
  const waiting = new Fifo<M>();
  /** Sent and not settled, in the order sent. */
  const inFlight = new InFlight<M>();
  /** Failed in the present window: they stay in `inFlight` order and go back in front when the window is empty. */
  const failed = new Set<M>();
  let unsettled = 0;
  /** A message that cannot be sent is answered while the next one is being looked for. */
  let isSending = false;
  let bytes = 0;
  let retryTimer: NodeJS.Timeout | undefined;
  let onEmpty: (() => void) | undefined;
  let hasGivenUp = false;

  const hasRoomFor = (moreEvents: number, moreBytes: number) =>
    waiting.length + inFlight.size + moreEvents <= options.maxEvents && bytes + moreBytes <= options.maxBytes;
  const isOverfull = () => !hasRoomFor(0, 0);

  function settle(message: M, result: OutboxResult): void {
    bytes -= message.payload.length;
    options.onResult(message, result);
    if (waiting.length + inFlight.size === 0) onEmpty?.();
  }

  function dropOldest(result: OutboxResult, isDue: (message: M) => boolean): boolean {
    const oldest = waiting.peek();
    if (oldest === undefined || !isDue(oldest)) return false;
    waiting.shift();
    settle(oldest, result);
    return true;
  }

  function rewind(): void {
    waiting.putBack(inFlight.all());
    inFlight.clear();
    failed.clear();
    if (hasGivenUp) return;
    retryTimer = setTimeout(() => {
      retryTimer = undefined;
      send();
    }, retryAfterMs);
  }

  function onAnswer(message: M, answer: PublishAnswer): void {
    unsettled--;
    if (!(answer instanceof BusError)) {
      inFlight.delete(message);
      settle(message, answer.duplicate ? "duplicate" : "stored");
    } else if (answer.code === "too-large") {
      inFlight.delete(message);
      settle(message, "dropped-too-large");
    } else {
      failed.add(message);
      options.onRetry(answer);
    }
    if (failed.size === 0) send();
    else if (unsettled === 0) rewind();
  }

  function send(): void {
    if (isSending) return;
    isSending = true;
    while (!hasGivenUp && failed.size === 0 && retryTimer === undefined && inFlight.size < windowSize) {
      // What is in flight can no longer be dropped, so it must not outgrow the bounds either.
      if (inFlight.size > 0 && isOverfull()) break;
      const message = waiting.shift();
      if (message === undefined) break;
      inFlight.add(message);
      unsettled++;
      options.send(message, onAnswer);
    }
    isSending = false;
  }

  return {
    add: (message) => {
      waiting.push(message);
      bytes += message.payload.length;
      while (waiting.length > 1 && isOverfull()) {
        const oldest = waiting.shift();
        if (oldest !== undefined) settle(oldest, "dropped-buffer-full");
      }
      send();
    },
    wake: () => {
      clearTimeout(retryTimer);
      retryTimer = undefined;
      send();
    },
    dropOldest,
    size: () => ({ events: waiting.length + inFlight.size, bytes }),
    hasRoomFor,
    makesRoom: () => false,
    drained: async (hurry) => {
      if (waiting.length + inFlight.size > 0 && !hurry.aborted) {
        await new Promise<void>((resolve) => {
          onEmpty = resolve;
          hurry.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      hasGivenUp = true;
      clearTimeout(retryTimer);
      return waiting.length + inFlight.size;
    },
  };
}
