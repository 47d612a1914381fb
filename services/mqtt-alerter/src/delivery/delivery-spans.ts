import type { Outcome } from "@sense-alerts/bus";
import { decodeEvent } from "@sense-alerts/event-contract";
import { newSpanId, readTraceparent, spanClockMs, type Tracer } from "@sense-alerts/service-kit";
import type { AlertPublisher } from "../mqtt/alert-publisher.js";
import type { Deliver } from "./deliver.js";

type Publish = AlertPublisher["publish"];

export type DeliverySpans = {
  /** The same, with a span for each delivery, below the one that stored the event. */
  process(deliver: Deliver): Deliver;
  /** The same, with a span for each message, from the call to its result, below that of its delivery. */
  publish(publish: Publish): Publish;
};

/** The spans of one lane; without a tracer there are none. `consumer` is its durable consumer. */
export function createDeliverySpans(tracer: Tracer | undefined, consumer: string): DeliverySpans {
  if (tracer === undefined) {
    return { process: (deliver) => deliver, publish: (publish) => publish };
  }
  const { record } = tracer;
  /** The spans of the deliveries in flight, by event id. */
  const inFlight = new Map<string, { readonly traceId: string; readonly spanId: string }>();

  return {
    process: (deliver) => async (delivery, signal) => {
      const decoded = decodeEvent(delivery.bytes);
      const context = decoded.ok ? readTraceparent(decoded.event.traceparent) : undefined;
      if (!decoded.ok || !context?.sampled) return deliver(delivery, signal);
      const { id, type } = decoded.event;
      const span = { traceId: context.traceId, spanId: newSpanId() };
      const startMs = spanClockMs();
      inFlight.set(id, span);
      let outcome: Outcome = { kind: "dead", reason: "handling-failed" };
      try {
        outcome = await deliver(delivery, signal);
        return outcome;
      } finally {
        if (inFlight.get(id) === span) inFlight.delete(id);
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
    publish: (publish) => async (message, signal) => {
      const eventId = String(message.userProperties["eventId"]);
      const delivery = inFlight.get(eventId);
      if (delivery === undefined) return publish(message, signal);
      const startMs = spanClockMs();
      const result = await publish(message, signal);
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
        error: result.kind === "published" ? undefined : result.kind === "refused" ? result.reason : result.kind,
      });
      return result;
    },
  };
}
