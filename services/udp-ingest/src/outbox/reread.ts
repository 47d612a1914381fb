import type { EngineEvent, TaskEvent } from "@sense-alerts/event-contract";
import { createDatagramReader } from "../datagram/reader.js";
import { type Rejection, rejections } from "../datagram/rejection.js";
import { isTraceparent, newTraceparent } from "../datagram/traceparent.js";
import { type EventMessage, eventMessage } from "../messages.js";

type RereaderOptions = {
  readonly subjectPrefix: string;
  readonly maxDatagramBytes: number;
  readonly fallbackEncoding: string;
  readonly senseTimezone: string | undefined;
};

/** A message of the subject for rejected datagrams, see `rejectedMessage`. */
export type StoredDatagram = {
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** Stands for the time of receipt where the headers do not tell it. */
  readonly storedAtMs: number;
};

export type Rereading =
  | { readonly ok: true; readonly event: TaskEvent | EngineEvent; readonly message: EventMessage }
  | { readonly ok: false; readonly reason: Rejection };

export { rejections };

/** The reasons that say nothing of the datagram: what was rejected for one of these was never looked into. */
export const neverRead: readonly string[] = ["source-not-allowed", "source-rate-exceeded"] satisfies Rejection[];

/**
 * Gives the function that reads a datagram which was rejected once as udp-ingest would read it today, whoever sent it.
 * An event that comes of it is the same that it would have been then: received at that time, from that source, by that
 * instance.
 */
export function createRereader(options: RereaderOptions): (datagram: StoredDatagram) => Rereading {
  return ({ bytes, headers, storedAtMs }) => {
    if (bytes.length > options.maxDatagramBytes) return { ok: false, reason: "too-large" };
    const instance = encodeURIComponent(headers["Sense-Instance"] ?? "unknown");
    const read = createDatagramReader({ ...options, eventSource: `/udp-ingest/${instance}` });
    const reading = read({
      bytes: Buffer.from(bytes),
      ...sourceOf(headers["Sense-Source"] ?? ""),
      receivedAtMs: receivedAtMsOf(headers["Sense-Received-At"] ?? "") ?? storedAtMs,
      traceparent: traceparentOf(headers),
    });
    if (!reading.ok) return { ok: false, reason: reading.reason };
    return { ok: true, event: reading.event, message: eventMessage(reading.event, options.subjectPrefix) };
  };
}

/** Its trace goes on; the sender of a message may have written anything there. */
function traceparentOf({ traceparent }: StoredDatagram["headers"]): string {
  return traceparent !== undefined && isTraceparent(traceparent) ? traceparent : newTraceparent();
}

/** `10.0.0.5:51234` or `[::1]:51234`; no address and port 0 for anything else. */
function sourceOf(text: string): { readonly address: string; readonly port: number } {
  const [, inBrackets, plain, digits] = /^(?:\[([\da-f:.]+(?:%[^\]]*)?)\]|([\d.]+)):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  const address = inBrackets ?? plain;
  return address === undefined || port > 65_535 ? { address: "", port: 0 } : { address, port };
}

/** Milliseconds since 1970, of ISO 8601 in UTC. */
function receivedAtMsOf(text: string): number | undefined {
  const ms = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
