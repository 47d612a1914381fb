import { readFileSync } from "node:fs";

/**
 * The text of a file as a Unix tool would have saved it: decoded from UTF-8 or, as Windows editors and PowerShell save
 * it, from UTF-16; without byte order mark, with LF line ends, no blanks at the ends of lines, and a newline at the
 * end.
 */
export function readTextFile(path: string): string {
  const lines = decode(readFileSync(path)).split(/\r\n|\r|\n/);
  return `${lines
    .map((line) => line.trimEnd())
    .join("\n")
    .trimEnd()}\n`;
}

function decode(bytes: Buffer): string {
  // TextDecoder takes off a byte order mark of its encoding.
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

/** ASCII text in UTF-16 has a zero in each second byte, with or without a byte order mark. */
function encodingOf([first, second]: Buffer): string {
  if ((first === 0xff && second === 0xfe) || second === 0) return "utf-16le";
  if ((first === 0xfe && second === 0xff) || first === 0) return "utf-16be";
  return "utf-8";
}
