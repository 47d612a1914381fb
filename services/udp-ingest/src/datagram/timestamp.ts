import { byteAt } from "./fields.js";

/** A moment as a log line gives it. */
export type Timestamp = {
  /** The clock reading, in milliseconds as if it were UTC; NaN when no calendar has it, such as 31 February. */
  readonly localMs: number;
  /** East of UTC; undefined when the line does not say. */
  readonly offsetMinutes: number | undefined;
};

const dash = 0x2d;
const colon = 0x3a;
const blank = 0x20;
const letterT = 0x54;
const letterZ = 0x5a;

/**
 * Reads `2024-04-12 07:33:03,508`, log4net's `%date`, or `20211109T193744.331+0100`, the form with offset of Qlik's own
 * converter. The fraction may be missing or follow a dot, `T` may stand between date and time, and `Z` or an offset at
 * the end. Undefined when the range is anything else.
 */
export function readTimestamp(bytes: Buffer, start: number, end: number): Timestamp | undefined {
  const dashed = byteAt(bytes, start + 4) === dash;
  const gap = dashed ? 1 : 0;
  const monthAt = start + 4 + gap;
  const dayAt = monthAt + 2 + gap;
  const hourAt = dayAt + 3;
  const minuteAt = hourAt + 2 + gap;
  const secondAt = minuteAt + 2 + gap;
  const timeEnd = secondAt + 2;
  if (timeEnd > end) return undefined;

  const separator = byteAt(bytes, hourAt - 1);
  if (separator !== letterT && !(dashed && separator === blank)) return undefined;
  if (dashed && (byteAt(bytes, dayAt - 1) !== dash || byteAt(bytes, minuteAt - 1) !== colon)) return undefined;
  if (dashed && byteAt(bytes, secondAt - 1) !== colon) return undefined;
  const year = digits(bytes, start, 4);
  const month = digits(bytes, monthAt, 2);
  const day = digits(bytes, dayAt, 2);
  const hour = digits(bytes, hourAt, 2);
  const minute = digits(bytes, minuteAt, 2);
  const second = digits(bytes, secondAt, 2);
  if (Number.isNaN(year + month + day + hour + minute + second)) return undefined;

  const zoneAt = fractionEnd(bytes, timeEnd, end);
  const offsetMinutes = readOffset(bytes, zoneAt, end);
  if (Number.isNaN(offsetMinutes)) return undefined;
  const inRange = year >= 100 && month >= 1 && month <= 12 && hour < 24 && minute < 60 && second < 60;
  const localMs = inRange
    ? Date.UTC(year, month - 1, day, hour, minute, second, milliseconds(bytes, timeEnd, zoneAt))
    : NaN;
  return { localMs: new Date(localMs).getUTCDate() === day ? localMs : NaN, offsetMinutes };
}

/** Where the fraction of a second ends; where it would begin when there is none. */
function fractionEnd(bytes: Buffer, start: number, end: number): number {
  const mark = byteAt(bytes, start);
  if (start >= end || (mark !== 0x2c && mark !== 0x2e)) return start;
  let at = start + 1;
  while (at < end && isDigit(byteAt(bytes, at))) at++;
  return at === start + 1 ? start : at;
}

function milliseconds(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let place = 1; place <= 3; place++) {
    value = value * 10 + (start + place < end ? byteAt(bytes, start + place) - 0x30 : 0);
  }
  return value;
}

/** Minutes east of UTC; undefined when nothing is there, NaN when something else is. */
function readOffset(bytes: Buffer, start: number, end: number): number | undefined {
  if (start === end) return undefined;
  const at = byteAt(bytes, start) === blank ? start + 1 : start;
  const sign = byteAt(bytes, at);
  if (sign === letterZ) return at + 1 === end ? 0 : NaN;
  if (sign !== 0x2b && sign !== dash) return NaN;
  const minuteAt = byteAt(bytes, at + 3) === colon ? at + 4 : at + 3;
  if (minuteAt + 2 !== end) return NaN;
  const minutes = digits(bytes, at + 1, 2) * 60 + digits(bytes, minuteAt, 2);
  return sign === dash ? -minutes : minutes;
}

/** The number that so many digits make; NaN when one of them is no digit. */
function digits(bytes: Buffer, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const byte = byteAt(bytes, at);
    if (!isDigit(byte)) return NaN;
    value = value * 10 + byte - 0x30;
  }
  return value;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
