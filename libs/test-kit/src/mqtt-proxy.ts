import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { type Packet, parser } from "mqtt-packet";
import { cleanUpAfter, type Scope } from "./clean-up.js";
import {
  mostConnectsPerMinute,
  type ReceivedConnect,
  type ReceivedPublish,
  receivedConnect,
  receivedPublish,
  repeatsOnOneConnection,
} from "./scripted-broker/received.js";

export interface MqttProxy {
  readonly url: string;
  /** Every CONNECT so far, in order; grows. */
  readonly connects: readonly ReceivedConnect[];
  /** The largest number of CONNECTs that one client sent in any 60 seconds. */
  mostConnectsPerMinute(): number;
  /** What the last CONNACK announced (MQTT 5, 3.2.2.3.3). */
  receiveMaximum(): number | undefined;
  /** The largest number of messages on one connection without their PUBACK at one time. */
  mostInFlight(): number;
  /** Each PUBLISH that came twice although its connection stood and the broker had not refused it. */
  repeats(): readonly ReceivedPublish[];
}

/** Passes bytes on between clients and a real broker on this machine, and reads along what the clients send. */
export async function startMqttProxy(t: Scope, brokerPort: number): Promise<MqttProxy> {
  const connects: ReceivedConnect[] = [];
  const publishes: ReceivedPublish[] = [];
  const refused = new Set<ReceivedPublish>();
  const sockets = new Set<Socket>();
  let connectionCount = 0;
  let mostInFlight = 0;
  let receiveMaximum: number | undefined;

  function readAlong(near: Socket, far: Socket, connection: number): void {
    const inFlight = new Map<number, ReceivedPublish>();
    const fromClient = parser();
    let fromBroker = parser();
    let protocolVersion = 4;
    fromClient.on("packet", (packet) => {
      if (packet.cmd === "connect") {
        connects.push(receivedConnect(packet, connection));
        protocolVersion = packet.protocolVersion ?? 4;
        fromBroker = parser({ protocolVersion });
        fromBroker.on("packet", onAnswer);
        fromBroker.on("error", () => {}); // a broker may answer with packets that are not valid
      }
      if (packet.cmd !== "publish") return;
      const publish = receivedPublish(packet, connection, protocolVersion);
      publishes.push(publish);
      if (publish.qos > 0) inFlight.set(publish.packetId, publish);
      mostInFlight = Math.max(mostInFlight, inFlight.size);
    });
    const onAnswer = (packet: Packet) => {
      if (packet.cmd === "connack") receiveMaximum = packet.properties?.receiveMaximum;
      if (packet.cmd !== "puback" || packet.messageId === undefined) return;
      const publish = inFlight.get(packet.messageId);
      inFlight.delete(packet.messageId);
      if (publish !== undefined && (packet.reasonCode ?? 0) >= 0x80) refused.add(publish);
    };
    fromClient.on("error", () => {});
    near.on("data", (bytes) => void fromClient.parse(bytes));
    far.on("data", (bytes) => void fromBroker.parse(bytes));
  }

  const server = createServer((near) => {
    const far = connect(brokerPort, "127.0.0.1");
    for (const [socket, peer] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => void peer.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        peer.destroy();
      });
    }
    readAlong(near, far, ++connectionCount);
    near.pipe(far).pipe(near);
  });
  cleanUpAfter(t, async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    connects,
    mostConnectsPerMinute: () => mostConnectsPerMinute(connects),
    receiveMaximum: () => receiveMaximum,
    mostInFlight: () => mostInFlight,
    repeats: () => repeatsOnOneConnection(publishes.filter((publish) => !refused.has(publish))),
  };
}
