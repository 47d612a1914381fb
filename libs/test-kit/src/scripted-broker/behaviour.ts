import type { ReceivedConnect, ReceivedPublish } from "./received.js";

/** How a broker answers a CONNECT. A reason code of MQTT 5 becomes the nearest return code for a 3.1.1 client. */
export type ConnectAnswer = { readonly connack: number } | "close" | "never";

/**
 * How a broker answers a PUBLISH of QoS 1. MQTT 3.1.1 knows neither reason codes nor a server's DISCONNECT: there any
 * `puback` is a plain PUBACK and `disconnect` only closes the connection.
 */
export type PublishAnswer =
  | { readonly puback: number }
  /** DISCONNECT with this reason code, then the connection is closed. */
  | { readonly disconnect: number }
  /**
   * A PUBACK that MQTT.js rejects: reason 0x01, which is no reason code of a PUBACK, and the properties of the PUBLISH.
   */
  | "malformed-puback"
  | "close"
  | "never";

/** `undefined` leaves the answer to the next rule, and after the last rule to the default: the packet is accepted. */
export type ConnectRule = (connect: ReceivedConnect) => ConnectAnswer | undefined;
export type PublishRule = (publish: ReceivedPublish) => PublishAnswer | undefined;

export interface BrokerBehaviour {
  readonly onConnect?: ConnectRule;
  readonly onPublish?: PublishRule;
  /** The code of the SUBACK; the requested QoS is granted if left out. */
  readonly onSubscribe?: (filter: string, qos: number) => number;
  /** Properties of the CONNACK for MQTT 5; each is announced only if it is given. */
  readonly announces?: Announcement;
  readonly link?: Link;
}

export interface Announcement {
  readonly receiveMaximum?: number;
  readonly maximumPacketSize?: number;
  readonly retainAvailable?: boolean;
  readonly sharedSubscriptionAvailable?: boolean;
}

export interface Link {
  /** How fast the broker takes bytes from the client. What is on the way lies in the buffers of both sides. */
  readonly bytesPerSecond?: number;
  /** How long the broker works on each PUBLISH, one after the other: a slow disk. */
  readonly perMessageMs?: number;
  /** How late each answer leaves: a long way. */
  readonly answerAfterMs?: number;
}

/** The first rule that has an answer decides. */
export function firstOf<T, A>(...rules: readonly ((received: T) => A | undefined)[]): (received: T) => A | undefined {
  return (received) => {
    for (const rule of rules) {
      const answer = rule(received);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };
}

/** Answers each PUBLISH whose topic matches. */
export function refuseTopics(pattern: RegExp, answer: PublishAnswer): PublishRule {
  return ({ topic }) => (pattern.test(topic) ? answer : undefined);
}

/** Answers each retained PUBLISH. */
export function refuseRetained(answer: PublishAnswer): PublishRule {
  return ({ retain }) => (retain ? answer : undefined);
}

/** mochi 2.7: a PUBLISH of MQTT 5 that has user properties gets a PUBACK that is not valid. */
export function malformPubacks(): PublishRule {
  return ({ protocolVersion, userProperties }) =>
    protocolVersion === 5 && Object.keys(userProperties).length > 0 ? "malformed-puback" : undefined;
}

/** Answers each PUBLISH whose packet has more bytes. */
export function refuseLargerThan(maxPacketBytes: number, answer: PublishAnswer): PublishRule {
  return ({ packetBytes }) => (packetBytes > maxPacketBytes ? answer : undefined);
}

/** Answers each CONNECT that has a last will. */
export function refuseWill(answer: ConnectAnswer): ConnectRule {
  return ({ will }) => (will === undefined ? undefined : answer);
}

/** Answers each CONNECT of a newer protocol than 3.1.1. */
export function refuseMqtt5(answer: ConnectAnswer): ConnectRule {
  return ({ protocolVersion }) => (protocolVersion > 4 ? answer : undefined);
}
