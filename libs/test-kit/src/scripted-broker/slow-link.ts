import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const sliceBytes = 128;

/**
 * Hands over what the socket receives, at no more than this rate. Reading pauses meanwhile, so the rest waits in the
 * buffers of the kernel and of the client, as before a slow modem.
 */
export function readAtRate(socket: Socket, bytesPerSecond: number | undefined, onBytes: (bytes: Buffer) => void): void {
  if (bytesPerSecond === undefined) {
    socket.on("data", onBytes);
    return;
  }
  let freeAt = performance.now();
  socket.on("data", (chunk: Buffer) => {
    socket.pause();
    void drip(chunk).then(() => socket.resume());
  });

  async function drip(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length && !socket.destroyed; at += sliceBytes) {
      const slice = chunk.subarray(at, at + sliceBytes);
      freeAt = Math.max(freeAt, performance.now()) + (slice.length / (bytesPerSecond ?? 1)) * 1_000;
      await delay(freeAt - performance.now());
      onBytes(slice);
    }
  }
}
