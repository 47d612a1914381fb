import type { EventType } from "@sense-alerts/event-contract";
import { eventTypes } from "@sense-alerts/event-contract";
import type { Metrics } from "@sense-alerts/service-kit";
import { type Rejection, rejections } from "./datagram/rejection.js";
import { type OutboxResult, outboxResults } from "./outbox.js";
import type { BoundSocket } from "./udp-socket.js";

export type IngestMetrics = {
  received(): void;
  rejected(reason: Rejection): void;
  settled(type: EventType, result: OutboxResult): void;
  rejectedSettled(result: OutboxResult): void;
  retried(code: string): void;
  kernelDropped(datagrams: number): void;
  observeBuffer(size: () => { events: number; bytes: number }): void;
  observeSocket(bound: () => BoundSocket | undefined): void;
};

/**
 * What this service counts. At rest received = stored + duplicate + dropped + rejected + buffered, over all labels but the
 * status events, which no datagram brings.
 */
export function createIngestMetrics(metrics: Metrics): IngestMetrics {
  const received = metrics.counter({
    name: "sensealerts_ingest_datagrams_received_total",
    help: "Datagrams taken off the socket",
  });
  const rejected = metrics.counter({
    name: "sensealerts_ingest_datagrams_rejected_total",
    help: "Datagrams that became no event",
    labelNames: ["reason"],
  });
  const settled = metrics.counter({
    name: "sensealerts_ingest_events_total",
    help: "Events by what became of them: stored, duplicate (the stream had it), or dropped",
    labelNames: ["type", "result"],
  });
  const rejectedSettled = metrics.counter({
    name: "sensealerts_ingest_rejected_copies_total",
    help: "Raw copies of rejected datagrams by what became of them",
    labelNames: ["result"],
  });
  const retried = metrics.counter({
    name: "sensealerts_ingest_publish_failures_total",
    help: "Publishes to NATS that failed and are tried again",
    labelNames: ["code"],
  });
  const kernelDropped = metrics.counter({
    name: "sensealerts_ingest_kernel_dropped_datagrams_total",
    help: "Datagrams that the kernel threw away because the socket's receive buffer was full; they are lost",
  });
  // A rule on a counter needs it to be there before its first increment.
  for (const reason of rejections) rejected.inc({ reason }, 0);
  for (const result of outboxResults) {
    rejectedSettled.inc({ result }, 0);
    for (const type of eventTypes) settled.inc({ type, result }, 0);
  }
  return {
    received: () => received.inc(),
    rejected: (reason) => rejected.inc({ reason }),
    settled: (type, result) => settled.inc({ type, result }),
    rejectedSettled: (result) => rejectedSettled.inc({ result }),
    retried: (code) => retried.inc({ code }),
    kernelDropped: (datagrams) => kernelDropped.inc(datagrams),
    observeBuffer: (size) => {
      metrics.gauge({
        name: "sensealerts_ingest_buffered_events",
        help: "Events in memory that NATS has not acknowledged",
        collect: (gauge) => gauge.set(size().events),
      });
      metrics.gauge({
        name: "sensealerts_ingest_buffered_bytes",
        help: "Bytes of events in memory that NATS has not acknowledged",
        collect: (gauge) => gauge.set(size().bytes),
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
