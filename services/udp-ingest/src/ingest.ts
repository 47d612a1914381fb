import { randomUUID } from "node:crypto";
import type { BusMessage } from "@sense-alerts/bus";
import type { IngestStatusEvent } from "@sense-alerts/event-contract";
import { createThrottle } from "@sense-alerts/link-kit";
import { createSourceRate } from "./admission/source-rate.js";
import type { Reading, ReceivedDatagram } from "./datagram/datagram.js";
import { likelyCause } from "./datagram/likely-cause.js";
import type { Rejection } from "./datagram/rejection.js";
import { newTraceparent } from "./datagram/traceparent.js";
import { type EventMessage, eventMessage, rejectedMessage } from "./messages.js";

export type IngestOptions = {
  readonly instance: string;
  readonly subjectPrefix: string;
  readonly maxDatagramBytes: number;
  readonly allows: (address: string) => boolean;
  /** The rate limit of each source; undefined = none. */
  readonly sourceRatePerSecond: number | undefined;
  /** The share of the traces to record, 0 to 1; 1 by default. */
  readonly read: (datagram: ReceivedDatagram) => Reading;
  readonly sendEvent: (message: EventMessage) => void;
  readonly sendRejected: (message: BusMessage) => void;
  /** Called with what each datagram turned out to be, before it is sent on. */
  readonly onRead: (datagram: ReceivedDatagram, reading: Reading) => void;
  readonly onRejected: (reason: Rejection) => void;
  readonly onReported: () => void;
  readonly warn: (facts: object, message: string) => void;
  /**
   * A monotonic clock in milliseconds; `performance.now` by default. Rates and throttles must not follow the clock of
   * the day.
   */
  readonly clockMs?: () => number;
};

export type Ingest = {
  /** Takes one datagram from the socket: it becomes an event or a rejection, and is never dropped here. */
  receive(bytes: Buffer, address: string, port: number, receivedAtMs: number): void;
  /** Publishes the state of the socket as an event. */
  report(status: IngestStatusEvent["data"]["status"], address: string, port: number, reason: string): void;
};

const warnEveryMs = 60_000;
const rememberedSources = 1_000;
/** A log appender that sends the wrong lines does so until somebody changes it. */
const warnOfTagEveryMs = 3_600_000;
const rememberedTags = 100;

/** The use case of this service: bytes in, event or rejection out. The id of the reporting instance is in each. */
export function createIngest(options: IngestOptions): Ingest {
  const source = `/udp-ingest/${options.instance}`;
  const clockMs = options.clockMs ?? (() => performance.now());
  const warnings = createThrottle(warnEveryMs, rememberedSources, clockMs);
  const tagWarnings = createThrottle(warnOfTagEveryMs, rememberedTags, clockMs);
  const tags = new Set<string>();
  const { sourceRatePerSecond } = options;
  const keepsRate = sourceRatePerSecond === undefined ? undefined : createSourceRate(sourceRatePerSecond);
  const boot = randomUUID();
  let rejections = 0;

  function judge(datagram: ReceivedDatagram): Reading {
    if (!options.allows(datagram.address)) return { ok: false, reason: "source-not-allowed" };
    if (keepsRate?.(datagram.address, clockMs() - ageMs(datagram)) === false) {
      return { ok: false, reason: "source-rate-exceeded" };
    }
    if (datagram.bytes.length > options.maxDatagramBytes) return { ok: false, reason: "too-large" };
    return options.read(datagram);
  }

  function reject(datagram: ReceivedDatagram, reason: Rejection, tag: string | undefined): void {
    options.onRejected(reason);
    const id = `rejected:${boot}:${++rejections}`;
    options.sendRejected(rejectedMessage({ ...datagram, reason }, id, options.instance, options.subjectPrefix));
    const remembered = tag !== undefined && remember(tag);
    const suppressed = remembered ? tagWarnings.take(tag) : warnings.take(`${reason} ${datagram.address}`);
    if (suppressed === undefined) return;
    const { bytes, address: source, port, traceparent } = datagram;
    const cause = tag === undefined ? {} : { tag, cause: likelyCause(reason, tag) };
    options.warn({ reason, ...cause, source, port, bytes: bytes.length, traceparent, suppressed }, "datagram rejected");
  }

  /**
   * Whether the tag has a throttle of its own. Tags can be invented: those after the first hundred are throttled by
   * source.
   */
  function remember(tag: string): boolean {
    if (tags.size < rememberedTags) tags.add(tag);
    return tags.has(tag);
  }

  return {
    receive: (bytes, address, port, receivedAtMs) => {
      const datagram = { bytes, address, port, receivedAtMs, traceparent: newTraceparent() };
      const reading = judge(datagram);
      options.onRead(datagram, reading);
      if (reading.ok) options.sendEvent(eventMessage(reading.event, options.subjectPrefix));
      else reject(datagram, reading.reason, reading.tag);
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

/** How long the datagram has waited since it was read from the socket. */
function ageMs({ receivedAtMs }: ReceivedDatagram): number {
  return Math.max(0, Date.now() - receivedAtMs);
}
