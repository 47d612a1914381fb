import { crc32 } from "node:zlib";
import type { EventMessage } from "../../messages.js";

export type SpoolRecord =
  | { readonly kind: "event"; readonly sequence: number; readonly message: EventMessage }
  /** All events up to this sequence are settled: nobody needs them any more. */
  | { readonly kind: "mark"; readonly sequence: number };

/** A record, or a stretch of bytes that holds none (`undefined`); `end` is where the next begins. */
export type Decoded = { readonly end: number; readonly record: SpoolRecord | undefined };

/** 0xF5 is in no UTF-8 text, so this is in no message: behind a damaged record the next one is found by it. */
const magic = Buffer.from([0xf5, 0x53, 0x50, 0x31]);
const headBytes = 12;
const kinds = { event: 1, mark: 2 } as const;
const sequenceAt = 1;
const detailsAt = 9;

/**
 * The bytes of an event in the spool, all numbers little-endian: magic F5 53 50 31, length of the body (u32), CRC-32 of
 * the body (u32), and the body: kind (u8), sequence (u64), length (u32) of a JSON text, that text with all of the
 * message but its payload, the payload.
 */
export function encodeEventRecord({ payload, ...details }: EventMessage, sequence: number): Buffer {
  const text = Buffer.from(JSON.stringify(details));
  const body = bodyOf("event", sequence, 4 + text.length + payload.length);
  body.writeUInt32LE(text.length, detailsAt);
  text.copy(body, detailsAt + 4);
  body.set(payload, detailsAt + 4 + text.length);
  return recordOf(body);
}

/** The bytes of a mark: as an event's, but that the body ends behind the sequence. */
export function encodeMarkRecord(sequence: number): Buffer {
  return recordOf(bodyOf("mark", sequence, 0));
}

/**
 * Reads record after record; never throws. Damage of any kind costs the records that it touches and no other. A record
 * whose end is missing counts as damaged when `isWhole`; otherwise the reading ends in front of it: more bytes are to
 * come.
 */
export function* decodeRecords(bytes: Buffer, isWhole: boolean): Generator<Decoded, void> {
  for (let at = 0; at < bytes.length; ) {
    const found = decodeAt(bytes, at);
    if (typeof found === "object") {
      yield found;
      at = found.end;
      continue;
    }
    if (found === "incomplete" && !isWhole) return;
    const next = bytes.indexOf(magic, at + 1);
    // Without an end in sight the last bytes may be the beginning of a magic.
    at = next !== -1 ? next : isWhole ? bytes.length : Math.max(at + 1, bytes.length - magic.length + 1);
    yield { end: at, record: undefined };
  }
}

function decodeAt(bytes: Buffer, at: number): Decoded | "incomplete" | "damaged" {
  if (bytes.length - at < headBytes) return "incomplete";
  if (bytes.compare(magic, 0, magic.length, at, at + magic.length) !== 0) return "damaged";
  const bodyAt = at + headBytes;
  const end = bodyAt + bytes.readUInt32LE(at + 4);
  if (end > bytes.length) return "incomplete";
  const body = bytes.subarray(bodyAt, end);
  if (body.length < detailsAt || crc32(body) !== bytes.readUInt32LE(at + 8)) return "damaged";
  const record = readBody(body);
  return record === undefined ? "damaged" : { end, record };
}

function readBody(body: Buffer): SpoolRecord | undefined {
  const sequence = Number(body.readBigUInt64LE(sequenceAt));
  if (body[0] === kinds.mark) return { kind: "mark", sequence };
  if (body[0] !== kinds.event || body.length < detailsAt + 4) return undefined;
  const payloadAt = detailsAt + 4 + body.readUInt32LE(detailsAt);
  try {
    const details: Omit<EventMessage, "payload"> = JSON.parse(body.toString("utf8", detailsAt + 4, payloadAt));
    return { kind: "event", sequence, message: { ...details, payload: body.subarray(payloadAt) } };
  } catch {
    return undefined; // the checksum is right, so another version wrote it
  }
}

function bodyOf(kind: keyof typeof kinds, sequence: number, restBytes: number): Buffer {
  const body = Buffer.allocUnsafe(detailsAt + restBytes);
  body.writeUInt8(kinds[kind]);
  body.writeBigUInt64LE(BigInt(sequence), sequenceAt);
  return body;
}

function recordOf(body: Buffer): Buffer {
  const head = Buffer.allocUnsafe(headBytes);
  magic.copy(head);
  head.writeUInt32LE(body.length, 4);
  head.writeUInt32LE(crc32(body), 8);
  return Buffer.concat([head, body]);
}
