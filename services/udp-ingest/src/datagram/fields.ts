import type { TextOf } from "./text.js";

/** A datagram cut at each `;`. Nothing is copied: a field is a range of bytes, decoded when it is asked for. */
export type Fields = {
  readonly bytes: Buffer;
  readonly text: TextOf;
  readonly count: number;
  /** Field n lies between boundaries n and n + 1, both excluded. */
  readonly boundaries: readonly number[];
};

const semicolon = 0x3b;

/** Finds the fields in one pass. A byte order mark in front is no part of the first one. */
export function splitFields(bytes: Buffer, text: TextOf): Fields {
  const from = startsWithByteOrderMark(bytes) ? 3 : 0;
  const boundaries = [from - 1];
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === semicolon) boundaries.push(at);
  }
  boundaries.push(bytes.length);
  return { bytes, text, count: boundaries.length - 1, boundaries };
}

/** The offset of a field's first byte; where the datagram ends when there is no such field. */
export function startOf(fields: Fields, field: number): number {
  const boundary = fields.boundaries[field];
  return boundary === undefined ? fields.bytes.length : Math.min(boundary + 1, fields.bytes.length);
}

/** The offset behind a field's last byte. */
export function endOf(fields: Fields, field: number): number {
  return fields.boundaries[field + 1] ?? fields.bytes.length;
}

/** Like {@link startOf}, past the blanks and control characters in front of the value. */
export function valueStartOf(fields: Fields, field: number): number {
  const { bytes } = fields;
  const end = endOf(fields, field);
  let at = startOf(fields, field);
  while (at < end) {
    if (isBlankByte(byteAt(bytes, at))) at += 1;
    else if (at + 1 < end && isBlankPair(bytes, at)) at += 2;
    else break;
  }
  return at;
}

/** Like {@link endOf}, before the blanks and control characters behind the value. */
export function valueEndOf(fields: Fields, field: number): number {
  const { bytes } = fields;
  const start = startOf(fields, field);
  let at = endOf(fields, field);
  while (at > start) {
    if (isBlankByte(byteAt(bytes, at - 1))) at -= 1;
    else if (at - 2 >= start && isBlankPair(bytes, at - 2)) at -= 2;
    else break;
  }
  return at;
}

/** The text of a field as it came. */
export function textOf(fields: Fields, field: number): string {
  return fields.text(startOf(fields, field), endOf(fields, field));
}

/** The text of a field without the blanks and control characters around it. */
export function valueTextOf(fields: Fields, field: number): string {
  return fields.text(valueStartOf(fields, field), valueEndOf(fields, field));
}

/** The byte at an offset, -1 outside the datagram. */
export function byteAt(bytes: Buffer, at: number): number {
  return bytes[at] ?? -1;
}

/** A blank or an ASCII control character. */
export function isBlankByte(byte: number): boolean {
  return byte <= 0x20 || byte === 0x7f;
}

/** U+0080 to U+009F, the other control characters, and the no-break space: two bytes each in UTF-8. */
function isBlankPair(bytes: Buffer, at: number): boolean {
  const second = byteAt(bytes, at + 1);
  return byteAt(bytes, at) === 0xc2 && second >= 0x80 && second <= 0xa0;
}

function startsWithByteOrderMark(bytes: Buffer): boolean {
  return byteAt(bytes, 0) === 0xef && byteAt(bytes, 1) === 0xbb && byteAt(bytes, 2) === 0xbf;
}
