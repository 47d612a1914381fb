import type { TestContext } from "node:test";
import type { BusMessage } from "@sense-alerts/bus";
import type { ReceivedDatagram } from "../src/datagram/datagram.js";
import type { Rejection } from "../src/datagram/rejection.js";
import { createIngest, type Ingest, type IngestOptions } from "../src/ingest.js";
import type { EventMessage } from "../src/messages.js";
import { failedTask } from "./failed-task.js";

export const startMs = Date.UTC(2024, 3, 12, 5, 33, 3, 561);
export const unreadable = Buffer.from("/scheduler-task-failed/;");

type Recorded = {
  readonly ingest: Ingest;
  readonly events: readonly EventMessage[];
  readonly rejected: readonly BusMessage[];
  readonly reasons: readonly Rejection[];
  readonly warnings: readonly { readonly facts: object; readonly traceparent: unknown; readonly message: string }[];
  readonly asked: readonly (string | ReceivedDatagram)[];
  reported(): number;
  /** Moves the monotonic clock. */
  pass(ms: number): void;
};

/** An ingest with stopped clocks. It accepts `10.*` and up to 100 bytes, and only `unreadable` is too short. */
export function ingestAt(t: TestContext, options: Partial<IngestOptions> = {}): Recorded {
  t.mock.timers.enable({ apis: ["Date"], now: startMs });
  const events: EventMessage[] = [];
  const rejected: BusMessage[] = [];
  const reasons: Rejection[] = [];
  const warnings: { facts: object; traceparent: unknown; message: string }[] = [];
  const asked: (string | ReceivedDatagram)[] = [];
  let reported = 0;
  let clockMs = 1_000;
  const ingest = createIngest({
    clockMs: () => clockMs,
    instance: "ingest-1",
    subjectPrefix: "sense",
    maxDatagramBytes: 100,
    sourceRatePerSecond: undefined,
    allows: (address) => {
      asked.push(address);
      return address.startsWith("10.");
    },
    read: (datagram) => {
      asked.push(datagram);
      return datagram.bytes.equals(unreadable) ? { ok: false, reason: "too-short" } : { ok: true, event: failedTask };
    },
    sendEvent: (message) => events.push(message),
    sendRejected: (message) => rejected.push(message),
    onRead: () => {},
    onRejected: (reason) => reasons.push(reason),
    onReported: () => reported++,
    warn: (told, message) => {
      const { traceparent, ...facts } = { traceparent: undefined, ...told };
      warnings.push({ facts, traceparent, message });
    },
    ...options,
  });
  const pass = (ms: number) => {
    clockMs += ms;
  };
  return { ingest, events, rejected, reasons, warnings, asked, pass, reported: () => reported };
}
