import type { Delivery, Outcome } from "@sense-alerts/bus";
import { decodeEvent } from "@sense-alerts/event-contract";
import { newSpanId, readTraceparent, spanClockMs, type Tracer } from "@sense-alerts/service-kit";
import type { MqttPublisher } from "../mqtt/mqtt-publisher.js";

type Deliver = (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>;
type Send = MqttPublisher["send"];

export type DeliverySpans = {
  /** Delivers, in this tick, and records a span of it below the one that stored the event. */
  process(deliver: Deliver, delivery: Delivery, signal: AbortSignal): Promise<Outcome>;
  /** The same, with a span for each attempt at a message, from its sending to the PUBACK, below that of its delivery. */
  send(send: Send): Send;
};

/** Without a tracer there is nothing but what is passed in. `consumer` is the durable one that deliveries come from. */
export function createDeliverySpans(tracer: Tracer | undefined, consumer: string): DeliverySpans {
  if (tracer === undefined) {
    return { process: (deliver, delivery, signal) => deliver(delivery, signal), send: (send) => send };
  }
  const { record } = tracer;
  /** The spans of the deliveries that are in hand, by event id. */
  const inHand = new Map<string, { readonly traceId: string; readonly spanId: string }>();

  return {
    process: async (deliver, delivery, signal) => {
      const decoded = decodeEvent(delivery.bytes);
      const context = decoded.ok ? readTraceparent(decoded.event.traceparent) : undefined;
      if (!decoded.ok || !context?.sampled) return deliver(delivery, signal);
      const { id, type } = decoded.event;
      const span = { traceId: context.traceId, spanId: newSpanId() };
      const startMs = spanClockMs();
      inHand.set(id, span);
      let outcome: Outcome = { kind: "dead", reason: "handling-failed" };
      try {
        outcome = await deliver(delivery, signal);
        return outcome;
      } finally {
        if (inHand.get(id) === span) inHand.delete(id);
        record({
          name: `process ${delivery.subject}`,
          kind: "consumer",
          ...span,
          parentSpanId: context.spanId,
          startMs,
          endMs: spanClockMs(),
          attributes: {
            "messaging.system": "nats",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": delivery.subject,
            "messaging.consumer.group.name": consumer,
            "messaging.message.id": id,
            "cloudevents.event_type": type,
            "sensealerts.deliveries": delivery.deliveries,
            "sensealerts.outcome": outcome.kind,
          },
          error: outcome.kind === "dead" ? outcome.reason : undefined,
        });
      }
    },
    send: (send) => (message, onPublished) => {
      const eventId = String(message.userProperties["eventId"]);
      const delivery = inHand.get(eventId);
      if (delivery === undefined) return send(message, onPublished);
      const startMs = spanClockMs();
      send(message, (error) => {
        const { topic, template = topic } = message;
        record({
          name: `publish ${template}`,
          kind: "client",
          traceId: delivery.traceId,
          spanId: newSpanId(),
          parentSpanId: delivery.spanId,
          startMs,
          endMs: spanClockMs(),
          attributes: {
            "messaging.system": "mqtt",
            "messaging.operation.name": "publish",
            "messaging.operation.type": "send",
            [`messaging.destination.${template === topic ? "name" : "template"}`]: template,
            "messaging.message.id": eventId,
            "sensealerts.message.kind": message.kind,
          },
          error: error?.code,
        });
        onPublished(error);
      });
    },
  };
}
