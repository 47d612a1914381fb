import { isAscii, isUtf8 } from "node:buffer";
import { byteAt } from "./fields.js";
import { decodeWindows1252 } from "./windows-1252.js";

/** The text between two offsets of one datagram, which must lie at its ends or next to a `;`. */
export type TextOf = (start: number, end: number) => string;

type Decode = (bytes: Buffer) => string;

/**
 * Gives the function that reads a datagram's text: as UTF-8 where it is valid, in the fallback encoding where it is
 * not. A field in which most of what is not ASCII is valid UTF-8 has only its stray bytes read in the fallback. Any
 * other comes from an appender without `encoding`, which sends the ANSI code page of Windows, and is read in the
 * fallback whole.
 */
export function createTextReader(fallbackEncoding: string): (bytes: Buffer) => TextOf {
  const fallback = createDecoder(fallbackEncoding);

  return (bytes) => {
    if (isAscii(bytes)) {
      const text = bytes.toString("latin1");
      return (start, end) => text.slice(start, end);
    }
    if (isUtf8(bytes)) return (start, end) => bytes.toString("utf8", start, end);
    return (start, end) => decodeField(bytes.subarray(start, end), fallback);
  };
}

/**
 * Whether {@link createTextReader} can use an encoding: Node knows it, and it leaves ASCII as it is, so that a `;` is a
 * `;`. UTF-16 and ISO-2022-JP do not. Some code pages swap control characters among themselves, which does no harm.
 */
export function isUsableFallbackEncoding(label: string): boolean {
  const ascii = Buffer.from(Array.from({ length: 0x80 }, (_, byte) => byte));
  try {
    const decoded = createDecoder(label)(ascii);
    return decoded.replace(/\p{Cc}/gu, "\0") === ascii.toString("latin1").replace(/\p{Cc}/gu, "\0");
  } catch {
    return false; // RangeError: Node does not know the encoding
  }
}

function createDecoder(encoding: string): Decode {
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  return decoder.encoding === "windows-1252" ? decodeWindows1252 : (bytes) => decoder.decode(bytes);
}

function decodeField(field: Buffer, fallback: Decode): string {
  if (isUtf8(field)) return field.toString("utf8");
  let valid = 0;
  let invalid = 0;
  for (let at = 0; at < field.length; ) {
    const length = sequenceLength(field, at);
    if (length === 0) invalid++;
    else if (length > 1) valid++;
    at += length || 1;
  }
  return valid >= invalid ? decodeStrayBytes(field, fallback) : fallback(field);
}

/** Reads UTF-8, and each run of bytes that are none in the fallback encoding. */
function decodeStrayBytes(field: Buffer, fallback: Decode): string {
  let text = "";
  let at = 0;
  while (at < field.length) {
    const validFrom = at;
    let length = 1;
    while (at < field.length && length > 0) {
      length = sequenceLength(field, at);
      at += length;
    }
    const strayFrom = at;
    while (at < field.length && sequenceLength(field, at) === 0) at++;
    text += field.toString("utf8", validFrom, strayFrom) + fallback(field.subarray(strayFrom, at));
  }
  return text;
}

/** How many bytes the UTF-8 sequence at an offset has, 0 when none starts there. Unicode 16, table 3-7. */
function sequenceLength(bytes: Buffer, at: number): number {
  const lead = byteAt(bytes, at);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  const second = byteAt(bytes, at + 1);
  if (second < lowest || second > highest) return 0;
  for (let further = at + 2; further < at + length; further++) {
    const byte = byteAt(bytes, further);
    if (byte < 0x80 || byte > 0xbf) return 0;
  }
  return length;
}
