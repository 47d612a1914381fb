import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

// Below the range from which operating systems take the ports of outgoing connections. Out of that range, a client that
// keeps trying to reach a stopped server on this machine can be given the server's port as its own, and be connected to
// itself.
const [lowest, highest] = [10_240, 32_000];

/** A TCP port that nobody on this machine listens to and no outgoing connection will take. */
export async function freeTcpPort(): Promise<number> {
  return freePort(async (port) => {
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    server.close();
    await once(server, "close");
  });
}

/** The same for UDP. */
export async function freeUdpPort(): Promise<number> {
  return freePort(async (port) => {
    const socket = createSocket("udp4").bind(port, "127.0.0.1");
    await once(socket, "listening");
    socket.close();
    await once(socket, "close");
  });
}

async function freePort(tryOut: (port: number) => Promise<void>): Promise<number> {
  for (let tries = 1; ; tries++) {
    const port = randomInt(lowest, highest);
    try {
      await tryOut(port);
      return port;
    } catch (error) {
      if (tries === 50) throw new Error("found no free port", { cause: error });
    }
  }
}
