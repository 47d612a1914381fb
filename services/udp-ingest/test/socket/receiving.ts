import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { cleanUpAfter, eventually, type Scope } from "@sense-alerts/test-kit";
import { type ReceiveOptions, startReceiving } from "../../src/socket/receive.js";
import type { BoundSocket } from "../../src/socket/udp-socket.js";
import { createBurst } from "./receiver.js";

export async function startReceiver(t: Scope, options: Partial<ReceiveOptions> = {}) {
  const received: string[] = [];
  const bounds: BoundSocket[] = [];
  const errors: Error[] = [];
  let counted = 0;
  const socket = startReceiving({
    host: "127.0.0.1",
    port: 0,
    receiveBufferBytes: 4_194_304,
    onReceived: () => counted++,
    onDatagram: (bytes, address) => received.push(`${bytes} ${address}`),
    mayWait: () => true,
    onBound: (bound) => bounds.push(bound),
    onError: (error) => errors.push(error),
    ...options,
  });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= socket.close();
    return closed;
  };
  cleanUpAfter(t, close);
  return { socket, received, bounds, errors, close, counted: () => counted };
}

export const numbered = (count: number) => Array.from({ length: count }, (_, index) => `datagram ${index}`);

/** Sends datagrams at once, and from then on no timer runs out before `tick`. */
export async function startBurst(t: TestContext, options: Partial<ReceiveOptions> = {}, count = 200) {
  const { bounds, received, counted, close, socket } = await startReceiver(t, options);
  await eventually(() => assert.equal(bounds.length, 1));
  const send = await createBurst(t, bounds[0]?.port ?? 0);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  await send(numbered(count));
  return { received, counted, waiting: socket.waiting, close, send, tick: (ms: number) => t.mock.timers.tick(ms) };
}

/** Lets the event loop go round so many times. */
export async function turns(count: number, each = () => {}): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    each();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
