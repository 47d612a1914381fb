import type { IConnectPacket, IPublishPacket, UserProperties } from "mqtt-packet";

export interface ReceivedConnect {
  /** Of all connections to this broker, counted from 1. */
  readonly connection: number;
  readonly clientId: string;
  /** 4 is MQTT 3.1.1. */
  readonly protocolVersion: number;
  readonly username: string | undefined;
  readonly will: { readonly topic: string; readonly text: string } | undefined;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

export interface ReceivedPublish {
  readonly connection: number;
  /** 4 is MQTT 3.1.1. */
  readonly protocolVersion: number;
  readonly topic: string;
  readonly payload: Buffer;
  /** The payload read as UTF-8. */
  readonly text: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly dup: boolean;
  /** 0 for QoS 0. */
  readonly packetId: number;
  /** Of the whole packet, from its first byte to its last. */
  readonly packetBytes: number;
  readonly contentType: string | undefined;
  readonly userProperties: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

export function receivedConnect(packet: IConnectPacket, connection: number): ReceivedConnect {
  const { clientId, protocolVersion = 4, username, will } = packet;
  return {
    connection,
    clientId,
    protocolVersion,
    username,
    will: will && { topic: will.topic, text: String(will.payload) },
    receivedAt: Date.now(),
  };
}

export function receivedPublish(packet: IPublishPacket, connection: number, protocolVersion: number): ReceivedPublish {
  const { topic, qos, retain, dup, messageId = 0, length = 0, properties = {} } = packet;
  const payload = Buffer.from(packet.payload);
  return {
    connection,
    protocolVersion,
    topic,
    payload,
    text: payload.toString("utf8"),
    qos,
    retain,
    dup,
    packetId: messageId,
    packetBytes: packetBytes(length),
    contentType: properties.contentType,
    userProperties: oneValueEach(properties.userProperties ?? {}),
    receivedAt: Date.now(),
  };
}

/** From the Remaining Length (MQTT 5, 2.1.4), which counts neither itself nor the first byte. */
function packetBytes(remainingLength: number): number {
  const lengthBytes = remainingLength < 128 ? 1 : remainingLength < 16_384 ? 2 : remainingLength < 2_097_152 ? 3 : 4;
  return 1 + lengthBytes + remainingLength;
}

/** Of a name sent twice, the last value. */
function oneValueEach(properties: UserProperties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, (Array.isArray(value) ? value.at(-1) : value) ?? ""]),
  );
}

/**
 * Each of these that repeats an earlier one on the same connection: the topic, the payload and, in MQTT 5, the event
 * id.
 */
export function repeatsOnOneConnection<P extends ReceivedPublish>(publishes: readonly P[]): P[] {
  const seen = new Set<string>();
  return publishes.filter(({ connection, topic, text, userProperties }) => {
    const key = JSON.stringify([connection, topic, text, userProperties["eventId"]]);
    const isRepeat = seen.has(key);
    seen.add(key);
    return isRepeat;
  });
}

/** The largest number of CONNECTs that one client sent in any 60 seconds. */
export function mostConnectsPerMinute(connects: readonly ReceivedConnect[]): number {
  const counts = connects.map(
    ({ clientId, receivedAt: end }) =>
      connects.filter((other) => other.clientId === clientId && isWithin(other.receivedAt, end - 60_000, end)).length,
  );
  return Math.max(0, ...counts);
}

function isWithin(time: number, after: number, until: number): boolean {
  return time > after && time <= until;
}
