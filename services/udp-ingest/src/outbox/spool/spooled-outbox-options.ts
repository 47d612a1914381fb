import type { BusError } from "@sense-alerts/bus";
import type { EventMessage } from "../../messages.js";
import type { Outbox, OutboxOptions, OutboxResult } from "../outbox.js";
import type { Spool } from "./spool.js";

export type SpooledOutboxOptions = {
  readonly spool: Spool;
  readonly send: OutboxOptions<EventMessage>["send"];
  /**
   * Bounds of what is in memory, what waits to be written included. From half of either on, events are in the spool
   * only.
   */
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** Called once for each message. */
  readonly onResult: (message: EventMessage, result: OutboxResult) => void;
  readonly onRetry: (error: BusError) => void;
  readonly shorten?: OutboxOptions<EventMessage>["shorten"];
  /** Called for events in the spool that cannot be read any more. */
  readonly onTorn: (events: number) => void;
  readonly onDiskError: (error: unknown) => void;
  readonly onDiskRecovered: () => void;
  /** Called when the outbox has been drained, with how many events are left in the spool. */
  readonly onKept: (events: number) => void;
  /** How long NATS has to acknowledge an event before it is written to the spool; 20 if left out. */
  readonly spoolAfterMs?: number;
  /** How often it is written down up to where all is settled; 100 if left out. */
  readonly markEveryMs?: number;
};

export type SpooledOutbox = Outbox<EventMessage> & {
  /** What of the outbox is in the spool, and the size of its files. */
  spooled(): { events: number; bytes: number };
};
