import {
  connect,
  type IClientOptions,
  type IPublishPacket,
  MqttClient,
  type Packet,
  type PacketCallback,
  Store,
  UniqueMessageIdProvider,
} from "mqtt";
import { clientOptions } from "./client-options.js";
import type {
  ConnectionEnd,
  ConnectionEvents,
  ConnectOptions,
  IncomingMessage,
  MqttConnection,
  OutgoingMessage,
} from "./connection.js";
import { codeOf, factsOf } from "./error-facts.js";
import { OneWriteSocket } from "./one-write-socket.js";
import { watchPubackCodes } from "./puback-codes.js";

const noMatchingSubscribers = 0x10;

/**
 * A connection is never made again with the messages of the last one. Those of MQTT.js are in a Map, which makes the
 * heap grow: decision 8.
 */
class NoStore extends Store {
  override put(_packet: Packet, done: () => void): this {
    done();
    return this;
  }

  override del(_packet: Pick<Packet, "messageId">, done: PacketCallback): this {
    done();
    return this;
  }
}

/**
 * One connection to a broker, from the attempt to its end. This is the only file that imports MQTT.js: each connection
 * is a client of its own that never reconnects, so that nothing is sent again behind the caller's back.
 */
export function openConnection(options: ConnectOptions, events: ConnectionEvents): MqttConnection {
  let accepted = false;
  let ended = false;
  /** What was heard before the connection closed. */
  let facts: Partial<ConnectionEnd> | undefined;
  let lastReasonCode = 0;
  const client = createClient(options);
  const errorCodes = options.protocolVersion === 5 ? watchPubackCodes(client.stream) : undefined;

  function end(given?: Partial<ConnectionEnd>): void {
    if (ended) return;
    ended = true;
    client.stream.destroy();
    events.onEnd({ cause: "closed", ...(facts ?? given), accepted });
  }

  function note(heard: Partial<ConnectionEnd>): void {
    facts ??= heard;
    // MQTT.js would go on after a packet that it could not read, and hear nothing more.
    client.stream.destroy();
  }

  client.on("packetreceive", (packet: Packet) => {
    if (packet.cmd === "puback") lastReasonCode = packet.reasonCode ?? 0;
    if (packet.cmd !== "connack") return;
    const code = (options.protocolVersion === 5 ? packet.reasonCode : packet.returnCode) ?? 0;
    if (code !== 0) facts ??= { cause: "connack", code, serverReference: packet.properties?.serverReference };
  });
  client.on("connect", ({ properties, sessionPresent }) => {
    if (ended) return;
    accepted = true;
    events.onAccepted({
      protocolVersion: options.protocolVersion,
      maximumQos: (properties?.maximumQoS ?? 2) as 0 | 1 | 2,
      retainAvailable: properties?.retainAvailable ?? true,
      maximumPacketBytes: properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY,
      receiveMaximum: properties?.receiveMaximum ?? 65_535,
      sharedSubscriptions: options.protocolVersion === 5 && properties?.sharedSubscriptionAvailable !== false,
      sessionPresent,
    });
  });
  client.on("disconnect", ({ reasonCode, properties }) =>
    note({ cause: "disconnect", code: reasonCode ?? 0, serverReference: properties?.serverReference }),
  );
  client.on("error", (error) => note(factsOf(error)));
  // MQTT.js passes on only errors with a code; those of WebSockets have none.
  client.stream.on("error", (error: Error) => note({ cause: "error", ...codeOf(error), error }));
  client.on("close", () => end());
  client.handleMessage = (packet, done) => {
    if (ended || packet.cmd !== "publish") return;
    if (events.onMessage === undefined) done();
    else events.onMessage(incoming(packet), () => ended || done());
  };

  return {
    publish: (message, onAnswer) => {
      const { topic, payload, qos, retain } = message;
      const properties = options.protocolVersion === 5 ? { properties: propertiesOf(message) } : {};
      client.publish(topic, payload, { qos, retain, ...properties }, (error, answer) => {
        if (ended) return;
        if (error === undefined || error === null) {
          onAnswer(qos === 1 && lastReasonCode === noMatchingSubscribers ? noMatchingSubscribers : 0);
        } else if ("code" in error && typeof error.code === "number") {
          onAnswer(errorCodes?.take(answer?.messageId ?? 0) ?? error.code);
        }
      });
      return qos === 0 ? 0 : client.getLastMessageId();
    },
    subscribe: (filter, qos) =>
      new Promise((resolve) => {
        client.subscribe(filter, { qos, rh: 2 }, (error, grants) => {
          if (!ended) resolve((error ?? null) === null && (grants ?? []).every((grant) => grant.qos < 0x80));
        });
      }),
    postponePing: () => client.reschedulePing(true),
    drop: end,
    disconnect: (unanswered = [], session) => {
      for (const id of unanswered) client.removeOutgoingMessage(id);
      const withExpiry = session && { properties: { sessionExpiryInterval: session.expirySeconds } };
      if (accepted) client.end(false, withExpiry ?? {});
      else end();
    },
  };
}

/** For plain TCP with a socket of ours; TLS and WebSockets have those of MQTT.js. */
function createClient(connectOptions: ConnectOptions): MqttClient {
  const options: IClientOptions = {
    ...clientOptions(connectOptions),
    outgoingStore: new NoStore(),
    // The identifier of a message that was never answered is not used again on this connection (MQTT 5, 2.2.1).
    messageIdProvider: new UniqueMessageIdProvider(),
  };
  if (options.protocol !== "mqtt") return connect(options);
  const { hostname: host = "localhost", port = 1883 } = options;
  return new MqttClient(() => new OneWriteSocket().connect({ host, port, noDelay: true }), options);
}

function propertiesOf(message: OutgoingMessage): NonNullable<IPublishPacket["properties"]> {
  const { contentType, expirySeconds, userProperties, correlationData } = message;
  const properties: NonNullable<IPublishPacket["properties"]> = {};
  if (contentType !== undefined) {
    properties.contentType = contentType;
    properties.payloadFormatIndicator = true;
  }
  if (expirySeconds !== undefined) properties.messageExpiryInterval = expirySeconds;
  // MQTT.js writes no packet at all for empty ones.
  if (userProperties !== undefined && Object.keys(userProperties).length > 0) {
    properties.userProperties = userProperties as Record<string, string | string[]>;
  }
  if (correlationData !== undefined) properties.correlationData = Buffer.from(correlationData);
  return properties;
}

function incoming({ topic, payload, retain, properties = {} }: IPublishPacket): IncomingMessage {
  return {
    topic,
    payload: Buffer.from(payload),
    retained: retain,
    responseTopic: properties.responseTopic,
    correlationData: properties.correlationData,
    userProperties: Object.entries(properties.userProperties ?? {}).flatMap(([name, values]) =>
      [values].flat().map((value) => [name, value] as const),
    ),
  };
}
