import type { EventType } from "@sense-alerts/event-contract";
import type { Rejection } from "../datagram/rejection.js";
import type { OutboxResult } from "../outbox/outbox.js";

/** The events that come of datagrams, and how the status page calls them. */
export const kindNames = {
  "sense.task.failed": "task failed",
  "sense.task.aborted": "task aborted",
  "sense.task.succeeded": "task succeeded",
  "sense.task.distributed": "task distributed",
  "sense.engine.reload-failed": "engine reload failed",
} as const satisfies Partial<Record<EventType, string>>;

export type DatagramKind = keyof typeof kindNames;
export const datagramKinds = Object.keys(kindNames) as readonly DatagramKind[];

export const rejectionNames: Readonly<Record<Rejection, string>> = {
  empty: "nothing in it",
  "too-large": "longer than UDP_MAX_DATAGRAM_BYTES",
  "source-not-allowed": "the source is not in UDP_ALLOWED_SOURCES",
  "source-rate-exceeded": "the source sends more than UDP_SOURCE_RATE_PER_SECOND",
  "not-a-task-event": "a log line that is not about a task, or one of another product",
  "unknown-tag": "its first field is not a known tag",
  "unknown-layout": "no tag, and not a known layout",
  "too-short": "fewer fields than its tag has",
  "no-guids": "no ids, time and level where they must be",
};

export const resultNames: Readonly<Record<OutboxResult, string>> = {
  stored: "event, stored",
  duplicate: "duplicate: it was stored already",
  "dropped-buffer-full": "event, lost: the buffer was full",
  "dropped-spool-full": "event, lost: the spool was full",
  "dropped-too-large": "event, lost: too large for NATS",
};
