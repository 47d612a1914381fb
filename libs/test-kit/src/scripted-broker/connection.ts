import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import {
  generate,
  type IConnectPacket,
  type IPublishPacket,
  type ISubscribePacket,
  type Packet,
  parser,
} from "mqtt-packet";
import { connackBytes, disconnectBytes, malformedPubackBytes, pubackBytes } from "./answers.js";
import type { BrokerBehaviour, ConnectAnswer, PublishAnswer } from "./behaviour.js";
import { type ReceivedConnect, type ReceivedPublish, receivedConnect, receivedPublish } from "./received.js";
import { readAtRate } from "./slow-link.js";

/** What a connection tells the broker. */
export interface ConnectionEvents {
  onConnect(connect: ReceivedConnect): void;
  onPublish(publish: ReceivedPublish, answer: PublishAnswer): void;
  onSubscribe(filter: string, qos: number): void;
  /** A PUBACK of the client. */
  onAcknowledged(packetId: number): void;
}

export interface Connection {
  /** Messages without their PUBACK now, as the broker sees it. */
  inFlight(): number;
  puback(packetId: number, reasonCode: number): void;
  /** Sends a message to the client if it has subscribed to this filter. */
  deliver(filter: string, packet: Omit<IPublishPacket, "cmd" | "dup" | "messageId">): void;
  send(bytes: Uint8Array): void;
  /** Ends it without an MQTT packet. */
  cut(): void;
}

/** Serves one client, one packet after the other. `behaviour` is asked again for each packet. */
export function serveConnection(
  socket: Socket,
  number: number,
  behaviour: () => BrokerBehaviour,
  events: ConnectionEvents,
): Connection {
  let protocolVersion = 4;
  let nextPacketId = 1;
  let isOver = false;
  let queue: Promise<void> = Promise.resolve();
  const unacknowledged = new Set<number>();
  const filters = new Set<string>();
  const packets = parser();

  function close(): void {
    isOver = true;
    socket.destroy();
  }

  function send(bytes: Uint8Array): void {
    const afterMs = behaviour().link?.answerAfterMs ?? 0;
    const write = () => {
      if (!socket.destroyed && bytes.length > 0) socket.write(bytes);
    };
    if (afterMs === 0) write();
    else setTimeout(write, afterMs).unref();
  }

  function answerConnect(packet: IConnectPacket): void {
    protocolVersion = packet.protocolVersion ?? 4;
    const connect = receivedConnect(packet, number);
    events.onConnect(connect);
    const { onConnect, announces } = behaviour();
    const answer: ConnectAnswer = onConnect?.(connect) ?? { connack: 0 };
    if (answer === "never") return;
    if (answer === "close") {
      close();
      return;
    }
    send(connackBytes(answer.connack, protocolVersion, answer.connack === 0 ? announces : {}));
    if (answer.connack !== 0) socket.end(() => close());
  }

  async function answerPublish(packet: IPublishPacket): Promise<void> {
    const { onPublish, link } = behaviour();
    const publish = receivedPublish(packet, number, protocolVersion);
    const answer: PublishAnswer = onPublish?.(publish) ?? { puback: 0 };
    if (publish.qos > 0) unacknowledged.add(publish.packetId);
    events.onPublish(publish, answer);
    if (link?.perMessageMs !== undefined) await delay(link.perMessageMs);
    if (answer === "close") return close();
    if (answer === "never") return;
    if (answer !== "malformed-puback" && "disconnect" in answer) {
      isOver = true;
      socket.end(disconnectBytes(answer.disconnect, protocolVersion));
      return;
    }
    if (publish.qos === 0) return;
    unacknowledged.delete(publish.packetId);
    send(
      answer === "malformed-puback"
        ? malformedPubackBytes(packet, protocolVersion)
        : pubackBytes(publish.packetId, answer.puback, protocolVersion),
    );
  }

  function answerSubscribe({ messageId = 0, subscriptions }: ISubscribePacket): void {
    const granted = subscriptions.map(({ topic, qos }) => {
      events.onSubscribe(topic, qos);
      const code = behaviour().onSubscribe?.(topic, qos) ?? qos;
      if (code < 0x80) filters.add(topic);
      return code;
    });
    send(generate({ cmd: "suback", messageId, granted }, { protocolVersion }));
  }

  async function answer(packet: Packet): Promise<void> {
    if (isOver) return;
    if (packet.cmd === "connect") answerConnect(packet);
    else if (packet.cmd === "publish") await answerPublish(packet);
    else if (packet.cmd === "subscribe") answerSubscribe(packet);
    else if (packet.cmd === "puback") events.onAcknowledged(packet.messageId ?? 0);
    else if (packet.cmd === "pingreq") send(generate({ cmd: "pingresp" }));
    else if (packet.cmd === "disconnect") close();
  }

  packets.on("packet", (packet) => {
    queue = queue.then(() => answer(packet));
  });
  packets.on("error", close); // not MQTT: a broker closes
  socket.on("error", () => {}); // the client went: "close" follows
  socket.setNoDelay(true);
  readAtRate(socket, behaviour().link?.bytesPerSecond, (bytes) => void packets.parse(bytes));

  return {
    inFlight: () => unacknowledged.size,
    puback(packetId, reasonCode) {
      if (unacknowledged.delete(packetId)) send(pubackBytes(packetId, reasonCode, protocolVersion));
    },
    deliver(filter, packet) {
      if (!filters.has(filter)) return;
      const messageId = nextPacketId++;
      send(generate({ ...packet, cmd: "publish", dup: false, messageId }, { protocolVersion }));
    },
    send,
    // Not resetAndDestroy(): if destroy() follows during its shutdown, the socket never closes and the process spins at
    // its end (Node 20).
    cut: () => void socket.destroy(),
  };
}
