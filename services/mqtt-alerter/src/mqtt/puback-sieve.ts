import type { Duplex } from "node:stream";

/** Takes what came from the broker, in pieces as they came; returns what of it is for others, in whole or in further pieces. */
export type Sieve = (chunk: Buffer) => Buffer;

const pubackByte = 0x40;
const idLength = 2;
const idAndReasonLength = 3;
/** A first byte, and a length of four at most (MQTT 5, 2.1). */
const longestHeader = 5;
const nothing: Buffer = Buffer.alloc(0);

/**
 * Picks PUBACKs out of a stream of packets (MQTT 5, 3.4): those without properties, which are nearly all that a broker sends to who
 * publishes. `onPuback` is told of each in its order; what else comes, longer PUBACKs too, passes through unread.
 */
export function createSieve(onPuback: (id: number, reasonCode: number) => void): Sieve {
  /** How much of a packet that passes through is still to come. */
  let passing = 0;
  /** The beginning of a packet of which too little has come to tell what it is. */
  let begun: Buffer = nothing;

  return (chunk) => {
    const bytes = begun.length === 0 ? chunk : Buffer.concat([begun, chunk]);
    begun = nothing;
    const others: Buffer[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (passing === 0) {
        const length = bytes[at + 1];
        if (bytes[at] === pubackByte && (length === undefined || length === idLength || length === idAndReasonLength)) {
          if (length === undefined || at + 2 + length > bytes.length) {
            begun = bytes.subarray(at);
            break;
          }
          onPuback(bytes.readUInt16BE(at + 2), length === idLength ? 0 : (bytes[at + 4] as number));
          at += 2 + length;
          continue;
        }
        passing = packetLength(bytes, at);
        if (passing === 0) {
          begun = bytes.subarray(at);
          break;
        }
      }
      const end = Math.min(bytes.length, at + passing);
      others.push(bytes.subarray(at, end));
      passing -= end - at;
      at = end;
    }
    return others.length === 1 ? (others[0] as Buffer) : others.length === 0 ? nothing : Buffer.concat(others);
  };
}

/** Header and all; 0 when the header is not all there. One that is longer than MQTT allows is for others to find wrong. */
function packetLength(bytes: Buffer, start: number): number {
  let remaining = 0;
  for (let index = 1; index < longestHeader; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) return 0;
    remaining += (byte & 0x7f) << (7 * (index - 1));
    if (byte < 0x80) return 1 + index + remaining;
  }
  return longestHeader;
}

/** Has a stream that was made for MQTT.js, and has brought nothing yet, give its PUBACKs to `onPuback` instead. */
export function siftPubacks(stream: Duplex, onPuback: (id: number, reasonCode: number) => void): void {
  const sieve = createSieve(onPuback);
  for (const listener of stream.listeners("data")) {
    stream.off("data", listener as (chunk: Buffer) => void);
    stream.on("data", (chunk: Buffer) => {
      const rest = sieve(chunk);
      if (rest.length > 0) listener.call(stream, rest);
    });
  }
}
