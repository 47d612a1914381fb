import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { cleanUpAfter, type Scope } from "./clean-up.js";

export interface TcpLink {
  readonly port: number;
  /**
   * From now on no byte passes and neither end is notified: connections stay open, as behind a network that drops every
   * packet.
   */
  silence(): void;
  isSilent(): boolean;
  /** What was sent meanwhile passes now, as after the retransmission of TCP. */
  restore(): void;
  /** Breaks all connections, as a failing network does: neither side gets to say a word. */
  cut(): void;
  /** Connections so far: servers do not log every handshake that fails. */
  dials(): number;
}

/**
 * Passes bytes on to a port of this machine and back, until the scope ends. A target that is not there ends the
 * connection.
 */
export async function startTcpLink(t: Scope, targetPort: number): Promise<TcpLink> {
  const sockets = new Set<Socket>();
  let isSilent = false;
  let dials = 0;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const pass = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on("data", (bytes) => {
      if (!to.write(bytes)) from.pause();
    });
    to.on("drain", () => {
      if (!isSilent) from.resume();
    });
    from.on("error", () => to.destroy());
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
    from.setNoDelay(true);
    if (isSilent) from.pause();
  };
  const server = createServer((near) => {
    dials++;
    const far = connect(targetPort, "127.0.0.1");
    pass(near, far);
    pass(far, near);
  }).listen(0, "127.0.0.1");
  cleanUpAfter(t, async () => {
    server.close();
    cut();
    await once(server, "close");
  });
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    isSilent: () => isSilent,
    cut,
    dials: () => dials,
    silence() {
      isSilent = true;
      for (const socket of sockets) socket.pause();
    },
    restore() {
      isSilent = false;
      for (const socket of sockets) socket.resume();
    },
  };
}
