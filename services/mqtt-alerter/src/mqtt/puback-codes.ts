import type { Readable } from "node:stream";

/** The reason codes of the PUBACKs with an error, by packet identifier. */
export type PubackCodes = {
  /** The reason code as the broker sent it, once; undefined = it sent no error. */
  take(packetId: number): number | undefined;
};

const pubackType = 0x40;
const firstError = 0x80;
const unspecifiedError = 0x80;
const longestLength = 4;

/**
 * MQTT 5 lists few reason codes for PUBACK (3.4.2.1), and MQTT.js ends the connection for any other. mosquitto answers
 * 0x95 to a message above its `message_size_limit`. So MQTT.js reads 0x80 for each error, and the code that was sent is
 * remembered. To be called before the stream has data: this listener is the first, and the others get the same buffer.
 */
export function watchPubackCodes(stream: Readable): PubackCodes {
  const codes = new Map<number, number>();
  const read = createReader((packetId, code) => codes.set(packetId, code));
  stream.prependListener("data", read);
  return {
    take: (packetId) => {
      const code = codes.get(packetId);
      codes.delete(packetId);
      return code;
    },
  };
}

/** Reads a stream of packets in pieces of any size; replaces the reason code of each PUBACK with an error, in place. */
export function createReader(onError: (packetId: number, code: number) => void): (chunk: Buffer) => void {
  let type = -1;
  let lengthBytes = 0;
  let isInBody = false;
  /** Of the body. */
  let [length, position, packetId] = [0, 0, 0];

  function next(): void {
    type = -1;
    isInBody = false;
    [length, lengthBytes, position, packetId] = [0, 0, 0, 0];
  }

  function readLength(byte: number): void {
    length += (byte & 0x7f) * 128 ** lengthBytes++;
    if (byte >= 0x80 && lengthBytes < longestLength) return;
    if (length === 0) next();
    else isInBody = true;
  }

  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      const byte = chunk[at] as number;
      if (type === -1) {
        type = byte;
        at++;
      } else if (!isInBody) {
        readLength(byte);
        at++;
      } else if (type === pubackType && position < 3) {
        if (position < 2) packetId = packetId * 256 + byte;
        else if (byte >= firstError) {
          onError(packetId, byte);
          chunk[at] = unspecifiedError;
        }
        position++;
        at++;
      } else {
        const rest = Math.min(length - position, chunk.length - at);
        position += rest;
        at += rest;
      }
      if (isInBody && position === length) next();
    }
  };
}
