import type { BusErrorCode } from "@sense-alerts/bus";
import type { EventType } from "@sense-alerts/event-contract";
import { eventTypes } from "@sense-alerts/event-contract";
import type { Metrics } from "@sense-alerts/service-kit";
import { type Rejection, rejections } from "./datagram/rejection.js";
import { type OutboxResult, outboxResults } from "./outbox/outbox.js";
import type { BoundSocket } from "./socket/udp-socket.js";

export type IngestMetrics = {
  /** A datagram was read from the socket, at this time in ms since 1970. */
  received(atMs: number): void;
  rejected(reason: Rejection): void;
  reported(): void;
  settled(type: EventType, result: OutboxResult): void;
  rejectedSettled(result: OutboxResult): void;
  rejectedLostAtStop(copies: number): void;
  /** The log message of an event was cut. */
  truncated(): void;
  retried(code: BusErrorCode): void;
  answered(afterMs: number): void;
  kernelDropped(datagrams: number): void;
  spoolRecovered(events: number): void;
  spoolTorn(records: number): void;
  spoolFailed(): void;
  observeNats(onReconnect: (listener: () => void) => void): void;
  observeBuffer(size: () => { events: number; bytes: number }): void;
  observeSpool(spooled: () => { events: number; bytes: number }): void;
  observeSocket(bound: () => BoundSocket | undefined): void;
};

/** The result of a raw copy that NATS had not acknowledged when the process ended. */
const lostAtStop = "lost-at-stop";

/** What a publish may fail with and be tried again. */
const retriedCodes: readonly BusErrorCode[] = [
  "disconnected",
  "no-ack",
  "unavailable",
  "no-stream",
  "refused",
  "outdated",
];

/**
 * What this service counts. At any moment, over all labels, received + status events + recovered = stored + duplicate +
 * dropped + rejected + buffered + torn; without a spool nothing is recovered or torn.
 */
export function createIngestMetrics(metrics: Metrics): IngestMetrics {
  const received = metrics.tally({
    name: "sensealerts_ingest_datagrams_received_total",
    help: "Datagrams read from the socket",
  })({});
  let lastDatagramMs = 0;
  metrics.gauge({
    name: "sensealerts_ingest_last_datagram_timestamp_seconds",
    help: "Time of the last datagram in seconds since 1970; 0 = none since the start",
    collect: (gauge) => gauge.set(lastDatagramMs / 1000),
  });
  const rejected = metrics.counter({
    name: "sensealerts_ingest_datagrams_rejected_total",
    help: "Datagrams that became no event",
    labelNames: ["reason"],
  });
  const reported = metrics.counter({
    name: "sensealerts_ingest_status_events_total",
    help: "Events with the state of the socket: start, error and stop",
  });
  const settled = metrics.tally({
    name: "sensealerts_ingest_events_total",
    help: "Events by result: `stored`, `duplicate` (already in the stream) or `dropped-<reason>`",
    labelNames: ["type", "result"],
  });
  const rejectedSettled = metrics.counter({
    name: "sensealerts_ingest_rejected_copies_total",
    help: "Raw copies of rejected datagrams by result: `stored`, `duplicate`, `dropped-<reason>` or `lost-at-stop`",
    labelNames: ["result"],
  });
  const truncated = metrics.counter({
    name: "sensealerts_ingest_truncated_events_total",
    help: "Events larger than NATS accepts, stored with their log message cut",
  });
  const retried = metrics.counter({
    name: "sensealerts_ingest_publish_failures_total",
    help: "Failed publishes to NATS; each is retried",
    labelNames: ["code"],
  });
  const observePublish = metrics.histogram({
    name: "sensealerts_ingest_publish_seconds",
    help: "Seconds until NATS answered a publish",
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  })({});
  const reconnects = metrics.counter({
    name: "sensealerts_ingest_nats_reconnects_total",
    help: "Number of times the NATS connection was re-established",
  });
  const kernelDropped = metrics.counter({
    name: "sensealerts_ingest_kernel_dropped_datagrams_total",
    help: "Datagrams that the kernel threw away because the socket's receive buffer was full; they are lost",
  });
  const spoolRecovered = metrics.counter({
    name: "sensealerts_ingest_spool_recovered_events_total",
    help: "Events found in the spool at start, written by an earlier process, a torn end included",
  });
  const spoolTorn = metrics.counter({
    name: "sensealerts_ingest_spool_torn_records_total",
    help: "Records in the spool that could not be read back; the events in them are lost",
  });
  const spoolFailed = metrics.counter({
    name: "sensealerts_ingest_spool_errors_total",
    help: "Writes, reads and deletions in the spool that failed and are tried again",
  });
  // A rule on a counter needs it to be there before its first increment.
  for (const reason of rejections) rejected.inc({ reason }, 0);
  for (const code of retriedCodes) retried.inc({ code }, 0);
  for (const result of [...outboxResults, lostAtStop]) rejectedSettled.inc({ result }, 0);
  const events = byName(eventTypes, (type) => byName(outboxResults, (result) => settled({ type, result })));
  return {
    received: (atMs) => {
      received();
      lastDatagramMs = atMs;
    },
    rejected: (reason) => rejected.inc({ reason }),
    reported: () => reported.inc(),
    settled: (type, result) => events[type][result](),
    rejectedSettled: (result) => rejectedSettled.inc({ result }),
    rejectedLostAtStop: (copies) => rejectedSettled.inc({ result: lostAtStop }, copies),
    truncated: () => truncated.inc(),
    retried: (code) => retried.inc({ code }),
    answered: (afterMs) => observePublish(afterMs / 1000),
    kernelDropped: (datagrams) => kernelDropped.inc(datagrams),
    spoolRecovered: (events) => spoolRecovered.inc(events),
    spoolTorn: (records) => spoolTorn.inc(records),
    spoolFailed: () => spoolFailed.inc(),
    observeNats: (onReconnect) => onReconnect(() => reconnects.inc()),
    observeBuffer: (size) => {
      metrics.gauge({
        name: "sensealerts_ingest_buffered_events",
        help: "Events that NATS has not acknowledged, in memory or in the spool, and datagrams that are not read yet",
        collect: (gauge) => gauge.set(size().events),
      });
      metrics.gauge({
        name: "sensealerts_ingest_buffered_bytes",
        help: "Bytes of these events and datagrams in memory",
        collect: (gauge) => gauge.set(size().bytes),
      });
    },
    observeSpool: (spooled) => {
      metrics.gauge({
        name: "sensealerts_ingest_spooled_events",
        help: "Events in the spool that NATS has not acknowledged, whether they are in memory too or not",
        collect: (gauge) => gauge.set(spooled().events),
      });
      metrics.gauge({
        name: "sensealerts_ingest_spooled_bytes",
        help: "Bytes that the spool takes on disk",
        collect: (gauge) => gauge.set(spooled().bytes),
      });
    },
    observeSocket: (bound) => {
      metrics.gauge({
        name: "sensealerts_ingest_receive_buffer_bytes",
        help: "Receive buffer that the kernel granted the socket; 0 while it is not bound",
        collect: (gauge) => gauge.set(bound()?.receiveBufferBytes ?? 0),
      });
    },
  };
}

function byName<N extends string, T>(names: readonly N[], make: (name: N) => T): Record<N, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<N, T>;
}
