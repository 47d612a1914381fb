import { createSocket } from "node:dgram";
import { once } from "node:events";
import { cleanUpAfter, type Scope, type Service } from "@sense-alerts/test-kit";

/** How often it looks who is ready: what a Kubernetes Service takes to follow its endpoints, and more. */
const lookEveryMs = 300;

export interface UdpRelay {
  readonly port: number;
  /** Takes an instance among those that it may send to. */
  add(instance: Service): Promise<void>;
  remove(instance: Service): void;
}

/** Sends each datagram on to the first instance that was ready when it last looked, as a load balancer with health checks does. */
export async function startUdpRelay(t: Scope): Promise<UdpRelay> {
  const instances = new Map<Service, { readonly udpPort: number; ready: boolean }>();
  const socket = createSocket("udp4");
  socket.on("message", (datagram) => {
    const target = [...instances.values()].find(({ ready }) => ready);
    if (target !== undefined) socket.send(datagram, target.udpPort, "127.0.0.1");
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  async function look(): Promise<void> {
    for (const [instance, entry] of instances) {
      const status = await instance.readyz().catch(() => undefined);
      entry.ready = status?.status === 200;
    }
  }
  const timer = setInterval(() => void look(), lookEveryMs);
  cleanUpAfter(t, () => {
    clearInterval(timer);
    socket.close();
  });
  return {
    port: socket.address().port,
    add: async (instance) => {
      instances.set(instance, { udpPort: await instance.udpPort(), ready: false });
      await look();
    },
    remove: (instance) => void instances.delete(instance),
  };
}
