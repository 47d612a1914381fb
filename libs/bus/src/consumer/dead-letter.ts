import { deadLetterSubject } from "@sense-alerts/event-contract";
import { pause } from "@sense-alerts/link-kit";
import type { Msg } from "nats";
import { BusError } from "../connection/bus-error.js";
import type { BusLogger } from "../connection/options.js";
import { retryDelayMs } from "../connection/wait.js";
import type { BusMessage, Publisher } from "../publisher/publisher.js";

/** What is kept of an event that is too large to be copied: enough for its id, its type and its names. */
const keptBytes = 1_024;

export type UndeliverableEvent = {
  /** Names the message within every stream of that name, also one that was created again. */
  readonly key: string;
  readonly subject: string;
  readonly sequence: number;
  readonly deliveries: number;
  readonly bytes: Uint8Array;
  /** The W3C trace context that it came with. */
  readonly traceparent?: string | undefined;
};

/**
 * The dead letter of an event: its bytes unchanged, the rest as headers. Its id keeps a repeated burial from storing it
 * twice.
 */
export function deadLetter(
  {
    stream,
    durable,
    subjectPrefix,
  }: { readonly stream: string; readonly durable: string; readonly subjectPrefix: string },
  event: UndeliverableEvent,
  reason: string,
): BusMessage {
  return {
    subject: deadLetterSubject(subjectPrefix),
    id: `dead:${stream}:${durable}:${event.key}`,
    payload: event.bytes,
    headers: {
      "Sense-Reason": reason,
      "Sense-Consumer": durable,
      "Sense-Subject": event.subject,
      "Sense-Sequence": String(event.sequence),
      "Sense-Deliveries": String(event.deliveries),
      ...(event.traceparent !== undefined && { traceparent: event.traceparent }),
    },
  };
}

/** The trace context in the headers of a message. Whoever may publish may write headers that nats.js throws over. */
export function traceparentOf(message: Pick<Msg, "headers">): string | undefined {
  try {
    return message.headers?.get("traceparent") || undefined;
  } catch {
    return undefined;
  }
}

/**
 * The dead letter with the beginning of the event, then with none of it; `Sense-Payload-Bytes` says how long the event
 * is.
 */
export function shortened(letter: BusMessage): BusMessage {
  const kept = letter.payload.length > keptBytes ? keptBytes : 0;
  return {
    ...letter,
    payload: letter.payload.subarray(0, kept),
    headers: { "Sense-Payload-Bytes": String(letter.payload.length), ...letter.headers },
  };
}

/**
 * Publishes a dead letter until it is stored; resolves to false when the signal aborts before that. One that NATS has
 * no room for, since its headers come on top of the event's bytes, is shortened: the event itself stays in its stream.
 */
export async function storeDeadLetter(
  letter: BusMessage,
  publisher: Pick<Publisher, "publish">,
  signal: AbortSignal,
  logger: BusLogger,
): Promise<boolean> {
  let message = letter;
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      await publisher.publish(message);
      return true;
    } catch (error) {
      logger.warn({ err: error, ...letter.headers }, "dead letter not stored yet");
      const tooLarge = error instanceof BusError && error.code === "too-large";
      if (tooLarge && message.payload.length > 0) message = shortened(message);
      else await pause(retryDelayMs(attempt), signal);
    }
  }
  return false;
}
