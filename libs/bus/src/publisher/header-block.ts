import type { BusMessage } from "./publisher.js";

const lineBreaks = /[\r\n]+/g;

/**
 * The headers of a message as they go over the wire (NATS ADR-4): a version line, a line for each, an empty line;
 * UTF-8.
 */
export function encodeHeaders({ id, expectedLast, headers }: BusMessage): Uint8Array {
  let block = `NATS/1.0\r\nNats-Msg-Id: ${oneLine(id)}\r\n`;
  if (expectedLast !== undefined) block += `Nats-Expected-Last-Subject-Sequence: ${expectedLast}\r\n`;
  for (const name in headers) block += `${name}: ${oneLine(headers[name] ?? "")}\r\n`;
  return Buffer.from(`${block}\r\n`);
}

/** A line break would end the header. */
function oneLine(value: string): string {
  return value.search(lineBreaks) === -1 ? value : value.replace(lineBreaks, " ");
}
