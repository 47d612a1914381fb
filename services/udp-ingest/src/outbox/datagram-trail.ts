import type { Bus, BusMessage } from "@sense-alerts/bus";
import { decodeEvent } from "@sense-alerts/event-contract";
import { type Logger, newSpanId, readTraceparent, spanClockMs, type Tracer } from "@sense-alerts/service-kit";
import type { OutboxResult } from "./outbox.js";

export type DatagramTrail = {
  /** The same, and when the first attempt at a message began is remembered for its span. */
  send(send: Bus["send"]): Bus["send"];
  /** To be called when a message is settled; undefined when nobody wants to know. */
  readonly settled: ((message: BusMessage, result: OutboxResult) => void) | undefined;
};

/**
 * What became of each datagram: a line in the log at level debug, and with a tracer two spans. `receive datagram` is the first of the
 * trace, from the receipt until NATS has acknowledged; `publish <subject>` in it begins with the first attempt, and its id is the
 * one in the traceparent that the message carries, so that what others do about the message hangs below it.
 */
export function createDatagramTrail(logger: Logger, tracer: Tracer | undefined): DatagramTrail {
  const sentMs = new WeakMap<BusMessage, number>();
  const log = logger.isLevelEnabled("debug") ? logSettled : undefined;
  const trace = tracer && ((message: BusMessage, result: OutboxResult) => traceSettled(tracer, message, result));

  function logSettled({ id, subject, headers }: BusMessage, result: OutboxResult): void {
    logger.debug({ eventId: id, subject, result, traceparent: headers?.["traceparent"] }, "message settled");
  }

  function traceSettled({ record }: Tracer, message: BusMessage, result: OutboxResult): void {
    const context = readTraceparent(message.headers?.["traceparent"]);
    const origin = context?.sampled ? originOf(message) : undefined;
    if (context === undefined || origin === undefined) return;
    const { traceId, spanId } = context;
    const endMs = spanClockMs();
    const lost = result.startsWith("dropped") ? result : undefined;
    const receiveId = newSpanId();
    record({
      name: "receive datagram",
      kind: "consumer",
      traceId,
      spanId: receiveId,
      startMs: origin.receivedAtMs,
      endMs,
      attributes: { "network.transport": "udp", ...origin.attributes, "sensealerts.result": result },
      error: origin.rejection ?? lost,
    });
    const startMs = sentMs.get(message);
    if (startMs === undefined) return;
    record({
      name: `publish ${message.subject}`,
      kind: "producer",
      traceId,
      spanId,
      parentSpanId: receiveId,
      startMs,
      endMs,
      attributes: {
        "messaging.system": "nats",
        "messaging.operation.name": "publish",
        "messaging.operation.type": "send",
        "messaging.destination.name": message.subject,
        "messaging.message.id": message.id,
        "messaging.message.body.size": message.payload.length,
        "sensealerts.result": result,
      },
      error: lost,
    });
  }

  return {
    send: (send) => {
      if (tracer === undefined) return send;
      return (message, onAnswer) => {
        if (!sentMs.has(message)) sentMs.set(message, spanClockMs());
        send(message, onAnswer);
      };
    },
    settled:
      log && trace
        ? (message, result) => {
            log(message, result);
            trace(message, result);
          }
        : (log ?? trace),
  };
}

type Origin = {
  readonly receivedAtMs: number;
  readonly rejection?: string | undefined;
  readonly attributes: Readonly<Record<string, string | number>>;
};

/** When and whence the datagram came, from what the message says of it; undefined for one that no datagram is behind. */
function originOf({ payload, headers = {} }: BusMessage): Origin | undefined {
  const rejection = headers["Sense-Reason"];
  if (rejection !== undefined) {
    const { "Sense-Received-At": receivedAt = "", "Sense-Source": source = "" } = headers;
    const address = source.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
    return { receivedAtMs: Date.parse(receivedAt), rejection, attributes: { "network.peer.address": address } };
  }
  const decoded = decodeEvent(payload);
  if (!decoded.ok || decoded.event.type === "sense.ingest.status") return undefined;
  const { id, type, time, data } = decoded.event;
  return {
    receivedAtMs: Date.parse(time),
    attributes: {
      "network.peer.address": data.sourceAddress,
      "cloudevents.event_id": id,
      "cloudevents.event_type": type,
    },
  };
}
