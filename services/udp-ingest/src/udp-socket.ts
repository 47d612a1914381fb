import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { setImmediate as pollOnce, setTimeout as sleep } from "node:timers/promises";
import { type Backoff, backoff } from "@sense-alerts/service-kit/backoff";

export type UdpSocketOptions = {
  /** An address of this machine; `::` takes both families. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly receiveBufferBytes: number;
  /** The hot path: it must not wait. IPv4 senders have plain IPv4 addresses, also on a socket for both families. */
  readonly onDatagram: (bytes: Buffer, address: string, port: number) => void;
  readonly onBound: (bound: BoundSocket) => void;
  /** The socket broke or could not be bound; it is bound again after a while, for ever. */
  readonly onError: (error: Error, retryMs: number) => void;
  /** The pauses before it is bound again; half a second and growing to five if left out. */
  readonly retry?: Backoff;
};

export type BoundSocket = {
  readonly address: string;
  readonly port: number;
  /** What the kernel granted, in the unit that was asked in. */
  readonly receiveBufferBytes: number;
};

export type UdpSocket = {
  /** Undefined while it is not bound. */
  bound(): BoundSocket | undefined;
  /** Takes what the kernel still holds, for five seconds at most or until `hurry` aborts, then closes. */
  close(hurry?: AbortSignal): Promise<void>;
};

const quietMs = 25;
const longestQuietWaitMs = 5_000;

/** Binds and keeps on: an error is reported and the socket bound again with growing pauses. */
export function startUdpSocket(options: UdpSocketOptions): UdpSocket {
  const { retry = backoff({ minMs: 500, maxMs: 5_000 }) } = options;
  let socket: Socket | undefined;
  let bound: BoundSocket | undefined;
  let retryTimer: NodeJS.Timeout | undefined;
  let closed = false;
  let received = 0;
  let wantedPort = options.port;

  function onMessage(bytes: Buffer, from: RemoteInfo): void {
    received++;
    options.onDatagram(bytes, plainAddress(from.address), from.port);
  }

  function onError(broken: Socket, error: Error): void {
    if (broken !== socket) return;
    socket = undefined;
    bound = undefined;
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
    opened.on("message", onMessage);
    opened.on("error", (error) => onError(opened, error));
    opened.on("listening", () => {
      if (closed) return;
      retry.reset();
      const { address, port } = opened.address();
      // A port that was picked freely is kept when the socket is bound again: senders know it by now.
      wantedPort = port;
      bound = { address, port, receiveBufferBytes: grantedBytes(opened) };
      options.onBound(bound);
    });
    opened.bind({ address: options.host, port: wantedPort });
  }

  open();

  return {
    bound: () => bound,
    close: async (hurry) => {
      closed = true;
      clearTimeout(retryTimer);
      const waitUntilMs = Date.now() + longestQuietWaitMs;
      for (let before = -1; before !== received && Date.now() < waitUntilMs && !hurry?.aborted; ) {
        before = received;
        await sleep(quietMs);
        // After a busy moment the timer may come first, though the socket has not been read in the meantime.
        await pollOnce();
      }
      const closing = socket;
      socket = undefined;
      bound = undefined;
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
