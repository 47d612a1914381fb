import { byteAt, type Fields, valueEndOf, valueStartOf } from "./fields.js";

const dash = 0x2d;
const unset = "(null)";

/** How many bytes a GUID has: 32 hexadecimal digits in five groups. */
export const guidLength = 36;

/** Whether the range holds a GUID and nothing else, in either case. */
export function isGuid(bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== guidLength) return false;
  for (let position = 0; position < guidLength; position++) {
    const byte = byteAt(bytes, start + position);
    const isGroupEnd = position === 8 || position === 13 || position === 18 || position === 23;
    if (isGroupEnd ? byte !== dash : !isHexDigit(byte)) return false;
  }
  return true;
}

/** Whether the range is what log4net prints for a property that was never set. */
export function isNull(bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== unset.length) return false;
  for (let position = 0; position < unset.length; position++) {
    if (lowerCase(byteAt(bytes, start + position)) !== unset.charCodeAt(position)) return false;
  }
  return true;
}

/** Whether the range holds nothing, in either of the ways that log4net has to say it. */
export function isAbsent(bytes: Buffer, start: number, end: number): boolean {
  return start >= end || isNull(bytes, start, end);
}

/** Whether a field can stand where an id must: a GUID or nothing. */
export function isIdOrAbsent(fields: Fields, field: number): boolean {
  const start = valueStartOf(fields, field);
  const end = valueEndOf(fields, field);
  return isAbsent(fields.bytes, start, end) || isGuid(fields.bytes, start, end);
}

/** The id in a field, letter case kept; empty when it is absent. */
export function idOf(fields: Fields, field: number): string {
  return idIn(fields, valueStartOf(fields, field), valueEndOf(fields, field));
}

/** Like {@link idOf}, for a range of bytes. */
export function idIn(fields: Fields, start: number, end: number): string {
  return isAbsent(fields.bytes, start, end) ? "" : fields.text(start, end);
}

function isHexDigit(byte: number): boolean {
  const lower = lowerCase(byte);
  return (byte >= 0x30 && byte <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}

function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}
