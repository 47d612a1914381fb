import { Worker } from "node:worker_threads";
import { createRingMemory, createRingReader, type OnDatagram, type RingMemory } from "./datagram-ring.js";
import type { BoundSocket, UdpSocket, UdpSocketOptions } from "./udp-socket.js";

type SocketPlace = Pick<UdpSocketOptions, "host" | "port" | "receiveBufferBytes">;

export type SocketThreadData = SocketPlace & { readonly memory: RingMemory };
export type ToSocketThread = "close" | "hurry";
export type FromSocketThread =
  /** There is something in the ring again. */
  | { readonly kind: "datagrams" }
  | { readonly kind: "bound"; readonly bound: BoundSocket }
  | { readonly kind: "error"; readonly error: Error; readonly code: string; readonly retryMs: number }
  | { readonly kind: "closed" };

export type SocketThreadOptions = SocketPlace &
  Pick<UdpSocketOptions, "onBound" | "onError"> & {
    /** Called for one datagram after the other, in the order received; `receivedAtMs` is since 1970. */
    readonly onDatagram: OnDatagram;
    /** Whether more than can be dealt with has been handed over: what comes then had better wait as it came, up to three quarters of the room for it. Never, if left out. */
    readonly isBusy?: () => boolean;
  };

/** Some 25,000 datagrams of a task. */
const ringBytes = 8 * 1024 * 1024;
/** How many are dealt with before something else gets its turn. */
const datagramsPerTurn = 128;
const pauseMs = 2;
/** How long what has been read may wait for a burst to end: it is neither counted nor in a spool before it is dealt with. */
const longestPauseMs = 250;
/** It holds no more than what it has just read. */
const resourceLimits = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 };

/**
 * A UDP socket that is read by a thread of its own, so that neither parsing nor publishing nor collecting garbage keeps datagrams waiting
 * in the kernel's receive buffer, which is small. A thread that dies is a fault of ours, and ends the process.
 */
export function startSocketThread(options: SocketThreadOptions): UdpSocket {
  const { onDatagram, onBound, onError, isBusy = () => false, ...place } = options;
  const memory = createRingMemory(ringBytes);
  const ring = createRingReader(memory);
  const workerData: SocketThreadData = { ...place, memory };
  const thread = new Worker(new URL("./socket-thread.js", import.meta.url), { workerData, resourceLimits });
  const tell = (order: ToSocketThread) => thread.postMessage(order);
  let bound: BoundSocket | undefined;
  let pausingSinceMs: number | undefined;
  let closing: Promise<void> | undefined;
  let onClosed = () => {};

  function drain(): void {
    const shouldPause = ring.shouldPause();
    pausingSinceMs = shouldPause ? (pausingSinceMs ?? performance.now()) : undefined;
    const isPausing = pausingSinceMs !== undefined && performance.now() - pausingSinceMs < longestPauseMs;
    if (isPausing || (isBusy() && ring.hasRoom())) setTimeout(drain, pauseMs);
    else if (ring.read(datagramsPerTurn, !shouldPause, onDatagram) || !ring.sleep()) setImmediate(drain);
  }

  thread.on("error", (error) => {
    throw new Error("the thread that reads the UDP socket died", { cause: error });
  });
  thread.on("exit", (code) => {
    if (closing === undefined) throw new Error(`the thread that reads the UDP socket ended with ${code}`);
  });
  thread.on("message", (message: FromSocketThread) => {
    switch (message.kind) {
      case "datagrams":
        return drain();
      case "bound":
        bound = message.bound;
        return onBound(message.bound);
      case "error":
        bound = undefined;
        return onError(Object.assign(message.error, { code: message.code }), message.retryMs);
      case "closed":
        return onClosed();
    }
  });

  async function close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      onClosed = resolve;
    });
    tell("close");
    await closed;
    bound = undefined;
    while (ring.read(datagramsPerTurn, false, onDatagram));
    await thread.terminate();
  }

  return {
    bound: () => bound,
    close: (hurry) => {
      closing ??= close();
      if (hurry?.aborted) tell("hurry");
      else hurry?.addEventListener("abort", () => tell("hurry"), { once: true });
      return closing;
    },
  };
}
