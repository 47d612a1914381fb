import { createDatagramQueue, type OnDatagram } from "./datagram-queue.js";
import { createPace } from "./pace.js";
import { startUdpSocket, type UdpSocket, type UdpSocketOptions } from "./udp-socket.js";

export type ReceiveOptions = Pick<UdpSocketOptions, "host" | "port" | "receiveBufferBytes" | "onBound" | "onError"> & {
  /** Called when a datagram is taken off the socket, before it waits. */
  readonly onReceived: (receivedAtMs: number) => void;
  /**
   * Called for one datagram after the other, in the order received, each with bytes of its own; `receivedAtMs` is since
   * 1970.
   */
  readonly onDatagram: OnDatagram;
  /**
   * Whether so many datagrams of so many bytes may wait for the end of a burst. Those that may not are handed over at
   * once.
   */
  readonly mayWait: (datagrams: number, bytes: number) => boolean;
  /** Whether to leave datagrams to the kernel while none may wait. Never, if left out. */
  readonly makesRoom?: () => boolean;
  /** How long datagrams may wait for the end of a burst; 1 s if left out. A kill loses what waits here. */
  readonly longestWaitMs?: number | undefined;
};

export type Receiving = Pick<UdpSocket, "bound" | "close"> & {
  /** What has been received and not handed over. */
  waiting(): { events: number; bytes: number };
};

/** Some 30,000 datagrams of a task. */
const queueBytes = 10 * 1024 * 1024;
/** How many are handed over before the socket is read again. */
const datagramsPerTurn = 32;
/** More than can be turned into events as they come. */
const burstPerMs = 20;
/** From here on they are taken together now and then: waking up for one costs more than taking twenty. */
const crowdPerMs = 4;
const restMs = 2;
/**
 * What may come while it rests for longer than it meant to, at what a datagram of a task takes of the granted buffer.
 */
const longestRestMs = 4;
const bufferBytesEach = 640;

/**
 * Takes datagrams off a socket and hands them over. In a burst it first takes all of them: the receive buffer of the
 * kernel is small, and taking a datagram is twenty times quicker than making an event of it.
 */
export function startReceiving(options: ReceiveOptions): Receiving {
  const { onReceived, onDatagram, mayWait, makesRoom = () => false, longestWaitMs = 1_000, ...place } = options;
  const queue = createDatagramQueue(queueBytes);
  const pace = createPace(1);
  const longPace = createPace(4);
  let came = 0;
  let waitingSinceMs: number | undefined;
  let nextTurn: NodeJS.Immediate | undefined;
  let timer: NodeJS.Timeout | undefined;

  function take(bytes: Buffer, address: string, port: number): void {
    const receivedAtMs = Date.now();
    came++;
    onReceived(receivedAtMs);
    nextTurn ??= setImmediate(turn);
    // Meanwhile the kernel keeps what comes, and counts what it cannot keep.
    while (!write(bytes, address, port, receivedAtMs)) {
      if (queue.count() === 0) {
        onDatagram(Buffer.from(bytes), address, port, receivedAtMs);
        return;
      }
      queue.read(datagramsPerTurn, onDatagram);
    }
  }

  function write(bytes: Buffer, address: string, port: number, receivedAtMs: number): boolean {
    if (!mayWait(queue.count() + 1, queue.bytes() + bytes.length)) return false;
    return queue.write(bytes, address, port, receivedAtMs);
  }

  function turn(): void {
    nextTurn = undefined;
    const nowMs = performance.now();
    const perMs = pace(came, nowMs);
    const isCrowd = longPace(came, nowMs) >= crowdPerMs;
    const isBurst = perMs >= burstPerMs && queue.hasRoom() && mayWait(queue.count(), queue.bytes());
    came = 0;
    // Forgotten when the last has been handed over: what comes in spurts is one burst, and does not wait again.
    if (isBurst) waitingSinceMs ??= nowMs;
    if ((isCrowd || isBurst) && mayRest(perMs)) socket.rest(restMs);
    if (isBurst && nowMs - (waitingSinceMs ?? nowMs) < longestWaitMs) later();
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

  const isFull = () => makesRoom() && !mayWait(queue.count() + 1, queue.bytes());
  const socket = startUdpSocket({ ...place, onDatagram: take, isFull });

  return {
    bound: socket.bound,
    waiting: () => ({ events: queue.count(), bytes: queue.bytes() }),
    close: async (hurry) => {
      await socket.close(hurry);
      clearImmediate(nextTurn);
      clearTimeout(timer);
      while (queue.read(datagramsPerTurn, onDatagram));
    },
  };
}
