import { createDatagramQueue, type OnDatagram } from "./datagram-queue.js";
import { createPace } from "./pace.js";
import { startUdpSocket, type UdpSocket, type UdpSocketOptions } from "./udp-socket.js";

export type ReceiveOptions = Pick<UdpSocketOptions, "host" | "port" | "receiveBufferBytes" | "onBound" | "onError"> & {
  /** Called for one datagram after the other, in the order received, each with bytes of its own; `receivedAtMs` is since 1970. */
  readonly onDatagram: OnDatagram;
  /** Whether more than can be dealt with has been handed over: what comes then had better wait as it came, while three quarters of the queue take it. Never, if left out. */
  readonly isBusy?: () => boolean;
  /** How long datagrams may wait for a burst to end, and until then are in no counter and no spool; a second, if left out. */
  readonly longestWaitMs?: number | undefined;
};

export type Receiving = Pick<UdpSocket, "bound" | "close">;

/** Some 30,000 datagrams of a task. */
const queueBytes = 10 * 1024 * 1024;
/** How many are dealt with before the socket is read again. */
const datagramsPerTurn = 32;
/** More than can be dealt with. */
const burstPerMs = 20;
/** From here on they are taken together now and then: waking up for one costs more than taking twenty. */
const crowdPerMs = 4;
const restMs = 2;
/** What may come while it rests for longer than it meant to, at what a datagram of a task takes of the granted buffer. */
const longestRestMs = 4;
const bufferBytesEach = 640;

/**
 * Takes datagrams off a socket, and hands them over: in a burst not before it has ended, since the kernel's receive buffer is small and
 * taking a datagram is twenty times quicker than dealing with it.
 */
export function startReceiving(options: ReceiveOptions): Receiving {
  const { onDatagram, isBusy = () => false, longestWaitMs = 1_000, ...place } = options;
  const queue = createDatagramQueue(queueBytes);
  const pace = createPace(1);
  const longPace = createPace(4);
  let came = 0;
  let waitingSinceMs: number | undefined;
  let nextTurn: NodeJS.Immediate | undefined;
  let timer: NodeJS.Timeout | undefined;

  function take(bytes: Buffer, address: string, port: number): void {
    came++;
    // While it deals with the oldest the kernel keeps what comes, and counts what it cannot keep.
    while (!queue.write(bytes, address, port, Date.now())) queue.read(datagramsPerTurn, onDatagram);
    nextTurn ??= setImmediate(turn);
  }

  function turn(): void {
    nextTurn = undefined;
    const nowMs = performance.now();
    const perMs = pace(came, nowMs);
    const isCrowd = longPace(came, nowMs) >= crowdPerMs;
    const isBurst = perMs >= burstPerMs && queue.hasRoom();
    came = 0;
    // Forgotten when the last has been handed over: what comes in spurts is one burst, and does not wait anew.
    if (isBurst) waitingSinceMs ??= nowMs;
    if ((isCrowd || isBurst) && mayRest(perMs)) socket.rest(restMs);
    if (isBurst && nowMs - (waitingSinceMs ?? nowMs) < longestWaitMs) later();
    else if (isBusy() && queue.hasRoom()) later();
    else if (queue.read(datagramsPerTurn, onDatagram)) nextTurn = setImmediate(turn);
    else waitingSinceMs = undefined;
  }

  function later(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      nextTurn ??= setImmediate(turn);
    }, restMs);
  }

  function mayRest(perMs: number): boolean {
    return perMs * longestRestMs * bufferBytesEach < (socket.bound()?.receiveBufferBytes ?? 0);
  }

  const socket = startUdpSocket({ ...place, onDatagram: take });

  return {
    bound: socket.bound,
    close: async (hurry) => {
      await socket.close(hurry);
      clearImmediate(nextTurn);
      clearTimeout(timer);
      while (queue.read(datagramsPerTurn, onDatagram));
    },
  };
}
