import type { StoredMessage } from "@sense-alerts/bus";
import { deadLetterSubject, rejectedSubject } from "@sense-alerts/event-contract";
import { shown } from "../terminal.js";
import { type Address, addressText } from "./address.js";

export const kinds = ["dead-letter", "rejected"] as const;

type Kind = (typeof kinds)[number];

/** Undefined lets everything through. */
export type Filter = { readonly reason: string | undefined; readonly kind: Kind | undefined };

export type Entry = StoredMessage & Address & { readonly kind: Kind; readonly reason: string };

/** The entry that a message of a stream is; undefined for a message on any other subject. */
export function entryOf(message: StoredMessage, letter: Address["letter"], subjectPrefix: string): Entry | undefined {
  const kind = kindOf(message.subject, subjectPrefix);
  return kind && { ...message, letter, kind, reason: message.headers["Sense-Reason"] ?? "" };
}

function kindOf(subject: string, subjectPrefix: string): Kind | undefined {
  if (subject === deadLetterSubject(subjectPrefix)) return "dead-letter";
  return subject === rejectedSubject(subjectPrefix) ? "rejected" : undefined;
}

export function passes(entry: Entry, { reason, kind }: Filter): boolean {
  return (reason === undefined || entry.reason === reason) && (kind === undefined || entry.kind === kind);
}

/** What a list says of an entry; `null` where there is nothing to say. */
export type Summary = {
  /** What the other commands take. */
  readonly address: string;
  readonly sequence: number;
  /** When it came into the stream: ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly kind: Kind;
  readonly reason: string;
  readonly bytes: number;
  /** Of a dead letter: the subject that it stood on, and what can be made out of the event. */
  readonly subject: string | null;
  readonly eventId: string | null;
  readonly eventType: string | null;
  /** What the bytes begin with. */
  readonly beginning: string;
  /** Of a rejected datagram. */
  readonly source: string | null;
  readonly receivedAt: string | null;
};

const beginningBytes = 80;

export function summaryOf(entry: Entry): Summary {
  const { sequence, kind, reason, bytes, headers } = entry;
  const event = kind === "dead-letter" ? eventNamedIn(bytes) : {};
  return {
    address: addressText(entry),
    sequence,
    time: new Date(entry.storedAt).toISOString(),
    kind,
    reason,
    bytes: wholeBytesOf(entry) ?? bytes.length,
    subject: headers["Sense-Subject"] ?? null,
    eventId: event.id ?? null,
    eventType: event.type ?? null,
    beginning: shown(bytes.subarray(0, beginningBytes)),
    source: headers["Sense-Source"] ?? null,
    receivedAt: headers["Sense-Received-At"] ?? null,
  };
}

/** Of a dead letter that holds only the beginning of its event: the size of the whole. */
export function wholeBytesOf({ kind, headers }: Entry): number | undefined {
  const given = headers["Sense-Payload-Bytes"];
  return kind === "dead-letter" && given !== undefined && /^\d{1,9}$/.test(given) ? Number(given) : undefined;
}

/** Id and type of what may be an event or anything else. */
function eventNamedIn(bytes: Uint8Array): { readonly id?: string; readonly type?: string } {
  try {
    const json: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    if (typeof json !== "object" || json === null) return {};
    return {
      ...("id" in json && typeof json.id === "string" && { id: json.id }),
      ...("type" in json && typeof json.type === "string" && { type: json.type }),
    };
  } catch {
    return {}; // no JSON, or only its beginning
  }
}
