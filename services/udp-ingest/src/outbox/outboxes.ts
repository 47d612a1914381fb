import type { Bus, BusError, BusMessage } from "@sense-alerts/bus";
import { createThrottle } from "@sense-alerts/link-kit";
import type { Logger } from "@sense-alerts/service-kit";
import type { EventMessage } from "../messages.js";
import type { IngestMetrics } from "../metrics.js";
import { createOutbox, type Outbox, type OutboxResult } from "./outbox.js";
import { createShortening } from "./shortening.js";
import type { Spool } from "./spool/spool.js";
import { createSpooledOutbox } from "./spool/spooled-outbox.js";

export type OutboxesOptions = {
  readonly bus: Pick<Bus, "send" | "onChange">;
  /** Undefined = events are in memory only. */
  readonly spool: Spool | undefined;
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
  /** Called once for each event. */
  readonly onEventSettled: (message: EventMessage, result: OutboxResult) => void;
  /** A monotonic clock in milliseconds; `performance.now` by default. */
  readonly clockMs?: () => number;
};

export type Outboxes = {
  readonly events: Outbox<EventMessage>;
  readonly rejected: Outbox<BusMessage>;
  /** Resolves when all is stored, or `hurry` aborts and what is left is in the spool, or lost and said to be. */
  close(hurry: AbortSignal): Promise<void>;
};

/**
 * Raw copies of rejected datagrams have bounds of their own, so that a flood of junk never takes the place of events.
 */
const rejectedBounds = { maxEvents: 1_000, maxBytes: 4 * 1024 * 1024 };
const warnEveryMs = 60_000;

/** Where events and rejected datagrams wait for NATS; both go on as soon as it is back. Only events are spooled. */
export function createOutboxes(options: OutboxesOptions): Outboxes {
  const { bus, spool, maxEvents, maxBytes, metrics, logger } = options;
  const warnings = createThrottle(warnEveryMs, 10, options.clockMs);
  const isDebugging = logger.isLevelEnabled("debug");

  function logSettled({ id: eventId, subject, headers }: BusMessage, result: OutboxResult): void {
    if (isDebugging)
      logger.debug({ eventId, subject, result, traceparent: headers?.["traceparent"] }, "message settled");
  }

  function dropped(message: EventMessage, result: string): void {
    const suppressed = warnings.take(result);
    if (suppressed === undefined) return;
    const limits = { maxEvents, maxBytes, ...(spool && { spoolMaxBytes: spool.maxBytes }) };
    const { type, id: eventId, payload, headers } = message;
    const facts = { result, type, eventId, traceparent: headers?.["traceparent"], bytes: payload.length };
    logger.error({ ...facts, ...limits, suppressed }, "event dropped: it is lost");
  }

  function retried(error: BusError): void {
    metrics.retried(error.code);
    if (error.code === "disconnected") return;
    const suppressed = warnings.take(error.code);
    if (suppressed !== undefined)
      logger.warn({ err: error, suppressed }, "nats did not store a message; it is kept and sent again");
  }

  function torn(records: number): void {
    metrics.spoolTorn(records);
    logger.error({ records, dir: spool?.dir }, "records in the spool cannot be read: their events are lost");
  }

  function diskFailed(error: unknown): void {
    metrics.spoolFailed();
    const suppressed = warnings.take("spool");
    if (suppressed === undefined) return;
    logger.error(
      { err: error, dir: spool?.dir, suppressed },
      "the spool failed: what it cannot take stays in memory until it works again",
    );
  }

  function shortened({ type, id: eventId, payload }: EventMessage, maxPayloadBytes: number | undefined): void {
    metrics.truncated();
    const suppressed = warnings.take("truncated");
    if (suppressed === undefined) return;
    const facts = { type, eventId, bytes: payload.length, maxPayloadBytes, suppressed };
    logger.warn(facts, "event is larger than nats accepts: its log message is cut");
  }

  const eventOptions = {
    maxEvents,
    maxBytes,
    ...createShortening(bus.send, shortened),
    onResult: (message: EventMessage, result: OutboxResult) => {
      metrics.settled(message.type, result);
      options.onEventSettled(message, result);
      logSettled(message, result);
      if (result !== "stored" && result !== "duplicate") dropped(message, result);
    },
    onRetry: retried,
  };

  function spooledOutbox(spool: Spool): Outbox<EventMessage> {
    const recovered = spool.last() - spool.mark();
    metrics.spoolRecovered(recovered + spool.tornAtOpen);
    if (recovered > 0)
      logger.info({ events: recovered, dir: spool.dir }, "events found in the spool: they go out first");
    if (spool.tornAtOpen > 0) torn(spool.tornAtOpen);
    const outbox = createSpooledOutbox({
      ...eventOptions,
      spool,
      onTorn: torn,
      onDiskError: diskFailed,
      onDiskRecovered: () => logger.info({ dir: spool.dir }, "the spool works again"),
      onKept: (events) => logger.info({ events, dir: spool.dir }, "kept in the spool"),
    });
    metrics.observeSpool(outbox.spooled);
    return outbox;
  }

  const events = spool === undefined ? createOutbox<EventMessage>(eventOptions) : spooledOutbox(spool);
  const rejected = createOutbox<BusMessage>({
    ...rejectedBounds,
    send: bus.send,
    onResult: (message, result) => {
      metrics.rejectedSettled(result);
      logSettled(message, result);
    },
    onRetry: retried,
  });
  bus.onChange((up) => {
    if (!up) return;
    events.wake();
    rejected.wake();
  });
  return {
    events,
    rejected,
    close: async (hurry) => {
      const left = await events.drained(hurry);
      if (left > 0) logger.error({ events: left }, "events are lost: nats did not come back in time");
      const copiesLeft = await rejected.drained(hurry);
      if (copiesLeft === 0) return;
      metrics.rejectedLostAtStop(copiesLeft);
      logger.warn({ copies: copiesLeft }, "copies of rejected datagrams are lost: nats did not come back in time");
    },
  };
}
