import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { backoff } from "@sense-alerts/link-kit";
import { cleanUpAfter, eventually, type Scope } from "@sense-alerts/test-kit";
import {
  type BoundSocket,
  startUdpSocket,
  type UdpSocket,
  type UdpSocketOptions,
} from "../../src/socket/udp-socket.js";

type Received = { readonly bytes: Buffer; readonly address: string; readonly port: number };

export type Receiver = {
  readonly socket: UdpSocket;
  readonly received: readonly Received[];
  readonly bounds: readonly BoundSocket[];
  readonly errors: readonly { readonly error: Error; readonly retryMs: number }[];
  /** Resolves when it is bound for the n-th time. */
  bound(times?: number): Promise<BoundSocket>;
  /** Resolves when so many datagrams are there, and no more. */
  datagrams(count: number): Promise<readonly Received[]>;
  /** Breaks the first socket that it opened, as a fault of the operating system would. */
  breakFirstSocket(error: Error): void;
};

/** Receives on 127.0.0.1 and any free port, unless told otherwise; what fails is tried again within milliseconds. */
export function startReceiver(t: Scope, options: Partial<UdpSocketOptions> = {}): Receiver {
  const received: Received[] = [];
  const bounds: BoundSocket[] = [];
  const errors: { error: Error; retryMs: number }[] = [];
  const [socket, breakFirstSocket] = breakable(() =>
    startUdpSocket({
      host: "127.0.0.1",
      port: 0,
      receiveBufferBytes: 1_048_576,
      onDatagram: (bytes, address, port) => received.push({ bytes: Buffer.from(bytes), address, port }),
      onBound: (bound) => bounds.push(bound),
      onError: (error, retryMs) => errors.push({ error, retryMs }),
      retry: backoff({ minMs: 2, maxMs: 10 }),
      ...options,
    }),
  );
  cleanUpAfter(t, socket.close);
  return {
    socket,
    received,
    bounds,
    errors,
    bound: (times = 1) =>
      eventually(() => {
        const bound = bounds[times - 1];
        assert(bound !== undefined, `bound ${bounds.length} times`);
        return bound;
      }),
    datagrams: async (count) => {
      await eventually(() => assert.equal(received.length, count));
      return received;
    },
    breakFirstSocket,
  };
}

/** What `start` returns, and what breaks the socket that it opened. Node tells of every UDP socket that is opened. */
export function breakable<T>(start: () => T): readonly [T, (error: Error) => void] {
  const opened: Socket[] = [];
  const onOpened = (message: unknown) => opened.push((message as { socket: Socket }).socket);
  subscribe("udp.socket", onOpened);
  try {
    return [start(), (error) => opened[0]?.emit("error", error)];
  } finally {
    unsubscribe("udp.socket", onOpened);
  }
}

/** Takes a UDP port on 127.0.0.1; resolves to the port and to what gives it back. */
export async function takePort(t: Scope, wanted = 0): Promise<{ readonly port: number; release(): Promise<void> }> {
  const socket = createSocket("udp4").bind(wanted, "127.0.0.1");
  await once(socket, "listening");
  let release: Promise<void> | undefined;
  const close = () => {
    release ??= new Promise((resolve) => socket.close(resolve));
    return release;
  };
  cleanUpAfter(t, close);
  return { port: socket.address().port, release: close };
}

/** Hands datagrams to the kernel in one go: nobody in this process has read one of them when it resolves. */
export async function createBurst(t: Scope, port: number): Promise<(datagrams: readonly string[]) => Promise<void>> {
  const socket = createSocket("udp4");
  socket.connect(port, "127.0.0.1");
  await once(socket, "connect");
  cleanUpAfter(t, () => new Promise((resolve) => socket.close(resolve)));
  return async (datagrams) => {
    for (const datagram of datagrams) socket.send(datagram);
    // The socket sends in the next tick, and the kernel has it at once.
    await new Promise<void>((resolve) => process.nextTick(resolve));
  };
}

/** Why a test that needs the IPv6 loopback address cannot run here; false if it can. */
export const withoutIpv6 =
  !Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === "::1")) &&
  "this machine has no IPv6";

/** An address of this machine with its zone, `fe80::1%eth0`. */
export function linkLocalAddress(): string | undefined {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    const found = addresses?.find(({ address }) => address.startsWith("fe80:"));
    if (found !== undefined) return `${found.address}%${name}`;
  }
  return undefined;
}
