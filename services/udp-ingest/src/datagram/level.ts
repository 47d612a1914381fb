import { byteAt } from "./fields.js";

const longestLevel = 16;
const levelsOfLog4net = new Set<string>([
  ...["OFF", "EMERGENCY", "FATAL", "ALERT", "CRITICAL", "SEVERE", "ERROR", "WARN", "NOTICE"],
  ...["INFO", "DEBUG", "FINE", "TRACE", "FINER", "VERBOSE", "FINEST", "ALL"],
]);

/** Whether the range can be a log level: 1 to 16 letters. */
export function isLevel(bytes: Buffer, start: number, end: number): boolean {
  if (end <= start || end - start > longestLevel) return false;
  for (let at = start; at < end; at++) {
    const byte = byteAt(bytes, at);
    const isLetter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
    if (!isLetter) return false;
  }
  return true;
}

/** Whether the text is the name of a level that log4net knows, in any case. */
export function isLevelOfLog4net(text: string): boolean {
  return text.length <= longestLevel && levelsOfLog4net.has(text.toUpperCase());
}
