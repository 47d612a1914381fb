import { byteAt } from "./fields.js";

type ByteOrder = "little" | "big";

const semicolon = 0x3b;
/** How many code units at the start are examined: every known tag has more, and so have many host names. */
const unitsAtStart = 8;
/** A layout with fewer `;` does not exist. */
const fewestSemicolons = 3;

/**
 * The datagram as UTF-8 without a byte order mark if it is UTF-16, which an appender with that `encoding` sends, with
 * or without a byte order mark; otherwise the same bytes. An odd last byte is ignored.
 */
export function asUtf8(bytes: Buffer): Buffer {
  const byteOrder = byteOrderOf(bytes);
  if (byteOrder === undefined) return bytes;
  const even = bytes.subarray(0, bytes.length & ~1);
  const text = (byteOrder === "little" ? even : Buffer.from(even).swap16()).toString("utf16le");
  return Buffer.from(text.startsWith("\ufeff") ? text.slice(1) : text);
}

/**
 * The byte order of UTF-16 text, by its byte order mark or by where its zero bytes are; undefined for other encodings.
 */
function byteOrderOf(bytes: Buffer): ByteOrder | undefined {
  const [first, second] = [byteAt(bytes, 0), byteAt(bytes, 1)];
  if (first === 0xff && second === 0xfe) return "little";
  if (first === 0xfe && second === 0xff) return "big";
  // Without a mark each `;` of UTF-16 has a zero byte, and other encodings have none.
  if (!bytes.includes(0)) return undefined;
  if (startsWithLatin1(bytes, "little") || hasSemicolonsOf(bytes, "little")) return "little";
  if (startsWithLatin1(bytes, "big") || hasSemicolonsOf(bytes, "big")) return "big";
  return undefined;
}

/** Whether the text starts with Latin letters, each with a zero byte beside it, and so its first `;`. */
function startsWithLatin1(bytes: Buffer, byteOrder: ByteOrder): boolean {
  const [low, high] = byteOrder === "little" ? [0, 1] : [1, 0];
  const units = Math.min(unitsAtStart, bytes.length >> 1);
  let others = 0;
  for (let unit = 0; unit < units; unit++) {
    if (byteAt(bytes, unit * 2 + high) !== 0) return false;
    if (byteAt(bytes, unit * 2 + low) !== 0) others++;
  }
  const separator = bytes.indexOf(semicolon);
  return others * 2 > units && (separator === -1 || isSemicolonUnit(bytes, separator, byteOrder));
}

/** Whether most of the `;` are code units: for text that starts in another script than Latin. */
function hasSemicolonsOf(bytes: Buffer, byteOrder: ByteOrder): boolean {
  let all = 0;
  let units = 0;
  for (let at = bytes.indexOf(semicolon); at !== -1; at = bytes.indexOf(semicolon, at + 1)) {
    all++;
    if (isSemicolonUnit(bytes, at, byteOrder)) units++;
  }
  return units >= fewestSemicolons && units * 2 > all;
}

/** Whether the byte 0x3B at this offset is the code unit of a `;`, not half of another one. */
function isSemicolonUnit(bytes: Buffer, at: number, byteOrder: ByteOrder): boolean {
  return byteOrder === "little" ? at % 2 === 0 && bytes[at + 1] === 0 : at % 2 === 1 && bytes[at - 1] === 0;
}
