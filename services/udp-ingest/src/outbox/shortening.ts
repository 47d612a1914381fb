import type { Bus, BusError, OnAnswer } from "@sense-alerts/bus";
import { decodeEvent, encodeEvent } from "@sense-alerts/event-contract";
import type { EventMessage } from "../messages.js";
import { shortenEvent } from "./shorten-event.js";

export type Shortening = {
  /** Sends the message, or the shorter one that `shorten` made of it. The answer is for the message as it was given. */
  send(message: EventMessage, onAnswer: OnAnswer<EventMessage>): void;
  /** After the answer `too-large`: returns whether the message can be sent again, as a shorter one. */
  shorten(message: EventMessage, error: BusError): boolean;
};

/**
 * Cuts the log message of events that are larger than NATS accepts. The limit is known only from the answer: it belongs
 * to the server that the bus is connected to, or to the stream. A message keeps its identity, so that an outbox or a
 * spool accounts for it as for any other.
 */
export function createShortening(
  send: Bus["send"],
  onShortened: (message: EventMessage, maxPayloadBytes: number | undefined) => void,
): Shortening {
  const shortened = new WeakMap<EventMessage, EventMessage>();
  let hasShortened = false;

  function shorten(message: EventMessage, { maxPayloadBytes }: BusError): boolean {
    const sent = shortened.get(message) ?? message;
    const decoded = decodeEvent(sent.payload);
    if (!decoded.ok || decoded.event.type === "sense.ingest.status") return false;
    const event = shortenEvent(decoded.event, maxPayloadBytes);
    if (event === undefined) return false;
    if (sent === message) onShortened(message, maxPayloadBytes);
    hasShortened = true;
    shortened.set(message, { ...message, payload: encodeEvent(event) });
    return true;
  }

  return {
    send: (message, onAnswer) => {
      // Nearly always there is none, and then neither a look-up nor a function is needed.
      const shorter = hasShortened ? shortened.get(message) : undefined;
      if (shorter === undefined) send(message, onAnswer);
      else send(shorter, (_, answer) => onAnswer(message, answer));
    },
    shorten,
  };
}
