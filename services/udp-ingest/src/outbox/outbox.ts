import { BusError, type BusMessage, type OnAnswer, type PublishAnswer } from "@sense-alerts/bus";
import { SendQueue } from "./send-queue.js";

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
  /**
   * Called when a message is too large. Returns whether `send` now has a smaller one for it, which is sent at once: in
   * its place if the server's max_payload is the limit, possibly behind later messages if the stream's max_msg_size is.
   */
  readonly shorten?: ((message: M, error: BusError) => boolean) | undefined;
};

export type Outbox<M> = {
  add(message: M): void;
  /** Tries again at once, since the connection is back. */
  wake(): void;
  size(): { events: number; bytes: number };
  /** Whether memory has room within its bounds for so many more events, or datagrams that become events. */
  hasRoomFor(events: number, bytes: number): boolean;
  /**
   * Whether there will soon be more room without a loss, so that whoever adds had better pause: the spool is being
   * written.
   */
  makesRoom(): boolean;
  /**
   * Resolves when all is stored or `hurry` aborts; to how many messages were left, and are lost when the process ends.
   */
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
 * Keeps messages in memory until NATS has acknowledged them. They go out in order. Half a second after a failure all
 * that is not acknowledged by then goes out again, in order and with the same ids, so that the stream drops what it had
 * already stored. It does not wait for answers that may never come: while a leader moves NATS refuses some messages and
 * loses others.
 */
export function createOutbox<M extends WithPayload>(options: OutboxOptions<M>): MemoryOutbox<M> {
  const queue = new SendQueue<M>();
  let bytes = 0;
  /** One for all that is sent until the next retry. What answers an earlier one can only settle. */
  let onAnswer = answersOf();
  let unanswered = 0;
  let hasFailed = false;
  let retryTimer: NodeJS.Timeout | undefined;
  /** A message that cannot be sent is answered while the next one is being looked for. */
  let isSending = false;
  let onEmpty: (() => void) | undefined;
  let hasGivenUp = false;

  const events = () => queue.waiting + queue.inFlight;
  const hasRoomFor = (moreEvents: number, moreBytes: number) =>
    events() + moreEvents <= options.maxEvents && bytes + moreBytes <= options.maxBytes;
  const isOverfull = () => !hasRoomFor(0, 0);

  function settled(message: M, result: OutboxResult): void {
    bytes -= message.payload.length;
    options.onResult(message, result);
    if (events() === 0) onEmpty?.();
  }

  function dropOldest(result: OutboxResult, isDue: (message: M) => boolean): boolean {
    const oldest = queue.peek();
    if (oldest === undefined || !isDue(oldest)) return false;
    queue.drop();
    settled(oldest, result);
    return true;
  }

  function answersOf(): OnAnswer<M> {
    const answers: OnAnswer<M> = (message, answer) => {
      const isLate = answers !== onAnswer;
      const isTooLarge = answer instanceof BusError && answer.code === "too-large";
      // A shorter one may have been sent since.
      if (isLate && isTooLarge) return;
      if (isTooLarge && options.shorten?.(message, answer)) return options.send(message, answers);
      if (!isLate) unanswered--;
      if (answer instanceof BusError && !isTooLarge) {
        options.onRetry(answer);
        if (!isLate) failed();
      } else if (queue.settle(message)) {
        settled(message, resultOf(answer));
      }
      if (!hasFailed) send();
      else if (unanswered === 0) rewind();
    };
    return answers;
  }

  function failed(): void {
    hasFailed = true;
    if (!hasGivenUp) retryTimer ??= setTimeout(retry, retryAfterMs);
  }

  function rewind(): void {
    queue.rewind();
    hasFailed = false;
    unanswered = 0;
    onAnswer = answersOf();
  }

  function retry(): void {
    clearTimeout(retryTimer);
    retryTimer = undefined;
    if (hasFailed) rewind();
    send();
  }

  function send(): void {
    if (isSending) return;
    isSending = true;
    while (!hasGivenUp && !hasFailed && retryTimer === undefined && queue.inFlight < windowSize) {
      // What is in flight can no longer be dropped, so it must not outgrow the bounds either.
      if (queue.inFlight > 0 && isOverfull()) break;
      const message = queue.send();
      if (message === undefined) break;
      unanswered++;
      options.send(message, onAnswer);
    }
    isSending = false;
  }

  return {
    add: (message) => {
      queue.push(message);
      bytes += message.payload.length;
      while (queue.waiting > 1 && isOverfull()) dropOldest("dropped-buffer-full", () => true);
      send();
    },
    wake: retry,
    dropOldest,
    size: () => ({ events: events(), bytes }),
    hasRoomFor,
    makesRoom: () => false,
    drained: async (hurry) => {
      if (events() > 0 && !hurry.aborted) {
        await new Promise<void>((resolve) => {
          onEmpty = resolve;
          hurry.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      hasGivenUp = true;
      clearTimeout(retryTimer);
      return events();
    },
  };
}

function resultOf(answer: PublishAnswer): OutboxResult {
  if (answer instanceof BusError) return "dropped-too-large";
  return answer.duplicate ? "duplicate" : "stored";
}
