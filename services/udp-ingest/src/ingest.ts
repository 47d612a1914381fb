import { randomUUID } from "node:crypto";
import type { BusMessage } from "@sense-alerts/bus";
import type { IngestStatusEvent } from "@sense-alerts/event-contract";
import { createSourceRate, type SourceRate } from "./admission/source-rate.js";
import { createThrottle } from "./admission/throttle.js";
import type { Reading, ReceivedDatagram } from "./datagram/datagram.js";
import type { Rejection } from "./datagram/rejection.js";
import { newTraceparent } from "./datagram/traceparent.js";
import { type EventMessage, eventMessage, rejectedMessage } from "./messages.js";

export type IngestOptions = {
  readonly instance: string;
  readonly subjectPrefix: string;
  readonly maxDatagramBytes: number;
  readonly allows: (address: string) => boolean;
  /** Each source's share; undefined = no limit. */
  readonly sourceRatePerSecond: number | undefined;
  /** How many of the traces are to be recorded, 0 to 1; all if left out. */
  readonly sampledShare?: number;
  readonly read: (datagram: ReceivedDatagram) => Reading;
  readonly sendEvent: (message: EventMessage) => void;
  readonly sendRejected: (message: BusMessage) => void;
  /** What each datagram turned out to be, before that is sent on. */
  readonly onRead: (datagram: ReceivedDatagram, reading: Reading) => void;
  readonly onRejected: (reason: Rejection) => void;
  readonly onReported: () => void;
  readonly warn: (facts: object, message: string) => void;
};

export type Ingest = {
  /** Takes one datagram off the socket: it becomes an event or a rejection, and is never dropped here. */
  receive(bytes: Buffer, address: string, port: number, receivedAtMs: number): void;
  /** Tells the world how the socket fares. */
  report(status: IngestStatusEvent["data"]["status"], address: string, port: number, reason: string): void;
};

const warnEveryMs = 60_000;
const rememberedSources = 1_000;

/** The use case of this service: bytes in, event or rejection out. The id of the reporting instance is in each. */
export function createIngest(options: IngestOptions): Ingest {
  const source = `/udp-ingest/${options.instance}`;
  const warnings = createThrottle(warnEveryMs, rememberedSources);
  const keepsRate: SourceRate =
    options.sourceRatePerSecond === undefined ? () => true : createSourceRate(options.sourceRatePerSecond);
  const boot = randomUUID();
  let rejections = 0;

  function judge(datagram: ReceivedDatagram): Reading {
    if (!options.allows(datagram.address)) return { ok: false, reason: "source-not-allowed" };
    if (!keepsRate(datagram.address, datagram.receivedAtMs)) return { ok: false, reason: "source-rate-exceeded" };
    if (datagram.bytes.length > options.maxDatagramBytes) return { ok: false, reason: "too-large" };
    return options.read(datagram);
  }

  function reject(datagram: ReceivedDatagram, reason: Rejection): void {
    options.onRejected(reason);
    const id = `rejected:${boot}:${++rejections}`;
    options.sendRejected(rejectedMessage({ ...datagram, reason }, id, options.instance, options.subjectPrefix));
    const heldBack = warnings.take(`${reason} ${datagram.address}`, datagram.receivedAtMs);
    if (heldBack === undefined) return;
    const { bytes, address: source, port, traceparent } = datagram;
    options.warn({ reason, source, port, bytes: bytes.length, traceparent, heldBack }, "datagram rejected");
  }

  return {
    receive: (bytes, address, port, receivedAtMs) => {
      const datagram = { bytes, address, port, receivedAtMs, traceparent: newTraceparent(options.sampledShare) };
      const reading = judge(datagram);
      options.onRead(datagram, reading);
      if (reading.ok) options.sendEvent(eventMessage(reading.event, options.subjectPrefix));
      else reject(datagram, reading.reason);
    },
    report: (status, address, port, reason) => {
      options.onReported();
      const event: IngestStatusEvent = {
        specversion: "1.0",
        id: `ingest.status:${randomUUID()}`,
        source,
        type: "sense.ingest.status",
        time: new Date().toISOString(),
        datacontenttype: "application/json",
        data: { status, address, port, reason },
      };
      options.sendEvent(eventMessage(event, options.subjectPrefix));
    },
  };
}
