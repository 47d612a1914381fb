import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { cleanUpAfter, type Scope } from "@sense-alerts/test-kit";

/** Passes bytes on to a port of this machine and back, and counts who comes: servers do not log every handshake that fails. */
export async function startCountingProxy(t: Scope, port: number): Promise<{ port: number; dials(): number }> {
  let dials = 0;
  const sockets = new Set<Socket>();
  const join = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
    from.pipe(to);
  };
  const server = createServer((near) => {
    dials++;
    const far = connect(port, "127.0.0.1");
    join(near, far);
    join(far, near);
  }).listen(0, "127.0.0.1");
  cleanUpAfter(t, async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, "close");
  });
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, dials: () => dials };
}
