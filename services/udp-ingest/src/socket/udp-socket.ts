import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { setImmediate as pollOnce, setTimeout as sleep } from "node:timers/promises";
import { type Backoff, backoff } from "@sense-alerts/link-kit";
import { type BatchReader, readInBatches } from "./batch-reader.js";

export type UdpSocketOptions = {
  /** An address of this machine; `::` takes both families. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly receiveBufferBytes: number;
  /**
   * The hot path: it must not wait, and the bytes are good until it returns. IPv4 senders have plain IPv4 addresses,
   * also on a socket for both families.
   */
  readonly onDatagram: (bytes: Buffer, address: string, port: number) => void;
  /**
   * While it says so no more is read, where datagrams are read in batches: the kernel keeps what comes. Never, if left
   * out.
   */
  readonly isFull?: () => boolean;
  readonly onBound: (bound: BoundSocket) => void;
  /** The socket broke or could not be bound; it is bound again after a while, without end. */
  readonly onError: (error: Error, retryMs: number) => void;
  /** The pauses before it is bound again; half a second and growing to five if left out. */
  readonly retry?: Backoff;
  /** Reads datagrams many at a time, where that can be. */
  readonly inBatches?: typeof readInBatches;
};

export type BoundSocket = {
  readonly address: string;
  readonly port: number;
  /** What the kernel granted, in the unit that was asked in. */
  readonly receiveBufferBytes: number;
  /** Whether the kernel hands over many datagrams at a time. Not on every system, and then bursts are lost sooner. */
  readonly readsBatches: boolean;
};

export type UdpSocket = {
  /** Undefined while it is not bound. */
  bound(): BoundSocket | undefined;
  /** Leaves to the kernel what comes in the next milliseconds, where it is read in batches. */
  rest(ms: number): void;
  /** Takes what the kernel still holds, for five seconds at most or until `hurry` aborts, then closes. */
  close(hurry?: AbortSignal): Promise<void>;
};

const quietMs = 25;
const longestQuietWaitMs = 5_000;

/** Binds and keeps on: an error is reported and the socket bound again with growing pauses. */
export function startUdpSocket(options: UdpSocketOptions): UdpSocket {
  const { retry = backoff({ minMs: 500, maxMs: 5_000 }), inBatches = readInBatches, isFull = () => false } = options;
  let socket: Socket | undefined;
  let reader: BatchReader | undefined;
  let bound: BoundSocket | undefined;
  let retryTimer: NodeJS.Timeout | undefined;
  let closed = false;
  let received = 0;
  let wantedPort = options.port;

  function onDatagram(bytes: Buffer, address: string, port: number): void {
    received++;
    options.onDatagram(bytes, plainAddress(address), port);
  }

  function forget(): void {
    reader?.close();
    reader = undefined;
    socket = undefined;
    bound = undefined;
  }

  function onError(broken: Socket, error: Error): void {
    if (broken !== socket) return;
    forget();
    broken.close();
    if (closed) return;
    const retryMs = Math.round(retry.next());
    options.onError(error, retryMs);
    retryTimer = setTimeout(open, retryMs);
  }

  function open(): void {
    const opened = createSocket({
      type: options.host.includes(":") ? "udp6" : "udp4",
      recvBufferSize: options.receiveBufferBytes,
    });
    socket = opened;
    opened.on("message", (bytes: Buffer, from: RemoteInfo) => onDatagram(bytes, from.address, from.port));
    opened.on("error", (error) => onError(opened, error));
    opened.on("listening", () => {
      if (closed) return;
      retry.reset();
      const { address, port } = opened.address();
      // A port that was picked freely is kept when the socket is bound again: senders know it by now.
      wantedPort = port;
      reader = inBatches(opened, onDatagram, undefined, isFull);
      bound = { address, port, receiveBufferBytes: grantedBytes(opened), readsBatches: reader !== undefined };
      options.onBound(bound);
    });
    opened.bind({ address: options.host, port: wantedPort });
  }

  open();

  return {
    bound: () => bound,
    rest: (ms) => reader?.rest(ms),
    close: async (hurry) => {
      closed = true;
      clearTimeout(retryTimer);
      const waitUntilMs = performance.now() + longestQuietWaitMs;
      for (let before = -1; (before !== received || isFull()) && performance.now() < waitUntilMs && !hurry?.aborted; ) {
        before = received;
        await sleep(quietMs);
        // After a busy moment the timer may come first, though the socket has not been read in the meantime.
        await pollOnce();
      }
      const closing = socket;
      forget();
      if (closing !== undefined) await new Promise<void>((resolve) => closing.close(resolve));
    },
  };
}

/** Linux reports double of what it grants, the other half being for its own bookkeeping (socket(7), SO_RCVBUF). */
function grantedBytes(socket: Socket): number {
  const reported = socket.getRecvBufferSize();
  return process.platform === "linux" ? reported / 2 : reported;
}

const mappedPrefix = "::ffff:";

/** `10.0.0.5` for `::ffff:10.0.0.5`, and no zone after a link-local address. */
function plainAddress(address: string): string {
  const zone = address.indexOf("%");
  const plain = zone === -1 ? address : address.slice(0, zone);
  return plain.startsWith(mappedPrefix) && plain.includes(".") ? plain.slice(mappedPrefix.length) : plain;
}
