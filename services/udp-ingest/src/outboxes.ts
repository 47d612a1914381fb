import type { Bus, BusMessage } from "@sense-alerts/bus";
import type { Logger } from "@sense-alerts/service-kit";
import type { EventMessage } from "./messages.js";
import type { IngestMetrics } from "./metrics.js";
import { createOutbox, type Outbox } from "./outbox.js";
import { createThrottle } from "./throttle.js";

export type OutboxesOptions = {
  readonly bus: Pick<Bus, "publish" | "onChange">;
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
};

export type Outboxes = { readonly events: Outbox<EventMessage>; readonly rejected: Outbox<BusMessage> };

/** Raw copies of rejected datagrams have bounds of their own, so that a flood of junk never takes the place of events. */
const rejectedBounds = { maxEvents: 1_000, maxBytes: 4 * 1024 * 1024 };
const warnEveryMs = 60_000;

/** Where events and rejected datagrams wait for NATS; both go on as soon as it is back. */
export function createOutboxes({ bus, maxEvents, maxBytes, metrics, logger }: OutboxesOptions): Outboxes {
  const warnings = createThrottle(warnEveryMs, 10);

  function dropped(message: EventMessage, result: string): void {
    const heldBack = warnings.take(result, Date.now());
    if (heldBack === undefined) return;
    const facts = { result, type: message.type, bytes: message.payload.length, maxEvents, maxBytes, heldBack };
    logger.error(facts, "event dropped: it is lost");
  }

  function retried(error: { code: string; message: string }): void {
    metrics.retried(error.code);
    if (error.code === "disconnected") return;
    const heldBack = warnings.take(error.code, Date.now());
    if (heldBack !== undefined)
      logger.warn({ err: error, heldBack }, "nats did not store a message; it is kept and sent again");
  }

  const events = createOutbox<EventMessage>({
    maxEvents,
    maxBytes,
    publish: bus.publish,
    onResult: (message, result) => {
      metrics.settled(message.type, result);
      if (result !== "stored" && result !== "duplicate") dropped(message, result);
    },
    onRetry: retried,
  });
  const rejected = createOutbox<BusMessage>({
    ...rejectedBounds,
    publish: bus.publish,
    onResult: (_, result) => metrics.rejectedSettled(result),
    onRetry: retried,
  });
  bus.onChange((up) => {
    if (!up) return;
    events.wake();
    rejected.wake();
  });
  return { events, rejected };
}
