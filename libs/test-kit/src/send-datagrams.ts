import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";

export interface SendOptions {
  /** 127.0.0.1 if left out. */
  readonly address?: string;
}

export interface PacedSendOptions extends SendOptions {
  /** The rate over the whole list; as fast as it goes if left out. */
  readonly perSecond?: number;
}

const batchSize = 64;

/** Sends one UDP datagram, text as UTF-8. Resolved means handed to the operating system, no more: that is UDP. */
export async function sendDatagram(
  port: number,
  datagram: Uint8Array | string,
  options: SendOptions = {},
): Promise<void> {
  await sendDatagrams(port, [datagram], options);
}

/**
 * Sends the datagrams in order from one socket. With `perSecond` the n-th leaves n/perSecond seconds after the first,
 * give or take the millisecond that timers take: what is due by then leaves together, so a late timer does not lower
 * the rate.
 */
export async function sendDatagrams(
  port: number,
  datagrams: readonly (Uint8Array | string)[],
  options: PacedSendOptions = {},
): Promise<void> {
  const { address = "127.0.0.1", perSecond = Number.POSITIVE_INFINITY } = options;
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  try {
    const start = performance.now();
    for (let sent = 0; sent < datagrams.length; ) {
      const due = 1 + Math.floor((perSecond * (performance.now() - start)) / 1_000);
      const batch = datagrams.slice(sent, Math.min(due, sent + batchSize));
      if (batch.length === 0) {
        await delay(1);
        continue;
      }
      await Promise.all(batch.map((datagram) => send(socket, datagram, port, address)));
      sent += batch.length;
      await turn(); // a receiver in this process gets to read, too
    }
  } finally {
    socket.close();
  }
}

function send(socket: Socket, datagram: Uint8Array | string, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(datagram, port, address, (error) => (error ? reject(error) : resolve()));
  });
}
