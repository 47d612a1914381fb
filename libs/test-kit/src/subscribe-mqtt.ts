import { lineReader, startChild } from "./child.js";
import { cleanUpAfter, type Scope } from "./clean-up.js";
import { eventually } from "./eventually.js";
import { findProgram } from "./find-program.js";

export interface SubscribeOptions {
  readonly port: number;
  readonly topics: readonly string[];
  readonly qos?: 0 | 1 | 2;
  /** Protocol 5 or 3.1.1, by its number on the wire. Properties arrive with 5 alone. */
  readonly version?: 4 | 5;
  /**
   * Further arguments of mosquitto_sub: `-c -i NAME -x 300` keeps the session while the broker or this client is away.
   */
  readonly args?: readonly string[];
}

export interface ReceivedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** The payload read as UTF-8. */
  readonly text: string;
  readonly qos: number;
  readonly retain: boolean;
  /** Of a name sent twice, the last value. */
  readonly userProperties: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: string;
  /** The payload format indicator, as the publisher set it. */
  readonly payloadIsUtf8: boolean;
  /** What is left of the message's expiry. */
  readonly expirySeconds?: number;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

export interface MqttSubscription {
  /** What has come so far, in order; grows. */
  readonly messages: readonly ReceivedMessage[];
  /** How often a broker has granted the subscription: 2 after one reconnect. */
  grants(): number;
  stop(): Promise<void>;
}

/**
 * Subscribes with mosquitto_sub, a client that has nothing to do with ours, until the scope ends. Resolves once the
 * broker has granted the subscription; rejects with the client's output when it gives up. It reconnects by itself after
 * about a second, but with a clean session: what is published in between does not reach it (see `args`).
 */
export async function subscribeMqtt(t: Scope, options: SubscribeOptions): Promise<MqttSubscription> {
  const { port, topics, qos = 1, version = 5, args = [] } = options;
  const messages: ReceivedMessage[] = [];
  let grants = 0;
  let complaints = "";
  const onLine = lineReader((line) => {
    if (!isMessage.test(line)) {
      complaints += `${line}\n`;
      return;
    }
    const message = parseMessage(line, Date.now());
    if (message.topic !== brokersOwnTopic) messages.push(message);
    else if (message.retain) grants++;
  });
  const client = await startChild(
    findProgram("mosquitto_sub"),
    [
      ...["-h", "127.0.0.1", "-p", String(port), "-V", version === 5 ? "mqttv5" : "mqttv311", "-q", String(qos)],
      ...[...topics, brokersOwnTopic].flatMap((topic) => ["-t", topic]),
      ...["-F", "%x %j", ...args],
    ],
    {
      onStdout: onLine,
      onStderr: (text) => {
        complaints += text;
      },
    },
  );
  const stop = async () => void (await client.stop("SIGTERM", 5_000));
  cleanUpAfter(t, stop);
  const granted = await eventually(
    () => {
      if (grants === 0 && client.exit() === undefined) throw new Error(complaints || "no answer yet");
      return grants > 0;
    },
    { what: `the subscription of ${topics.join(", ")}`, intervalMs: 5 },
  );
  if (!granted) throw new Error(`mosquitto_sub gave up: ${complaints}`);
  return { messages, grants: () => grants, stop };
}

// mosquitto holds a retained message on this topic from its start on, and so answers a subscription with it: the sign
// that the topics before it are subscribed too. mosquitto_sub says so itself with -d, but keeps that line back until a
// message follows it.
const brokersOwnTopic = "$SYS/broker/version";

// mosquitto_sub's own format "%x %j": the payload in hexadecimal, a blank, and the rest as JSON.
const isMessage = /^[0-9a-f]* \{/;

interface MosquittoMessage {
  readonly topic: string;
  readonly qos: number;
  readonly retain: number;
  readonly properties?: {
    readonly "user-properties"?: Readonly<Record<string, string>>;
    readonly "content-type"?: string;
    readonly "response-topic"?: string;
    readonly "correlation-data"?: string;
    readonly "payload-format-indicator"?: number;
    readonly "message-expiry-interval"?: number;
  };
}

function parseMessage(line: string, receivedAt: number): ReceivedMessage {
  const blank = line.indexOf(" ");
  const payload = Buffer.from(line.slice(0, blank), "hex");
  const { topic, qos, retain, properties = {} } = JSON.parse(line.slice(blank + 1)) as MosquittoMessage;
  const contentType = properties["content-type"];
  const responseTopic = properties["response-topic"];
  const correlationData = properties["correlation-data"];
  const expirySeconds = properties["message-expiry-interval"];
  return {
    topic,
    payload,
    text: payload.toString("utf8"),
    qos,
    retain: retain === 1,
    userProperties: properties["user-properties"] ?? {},
    payloadIsUtf8: properties["payload-format-indicator"] === 1,
    ...(contentType !== undefined && { contentType }),
    ...(responseTopic !== undefined && { responseTopic }),
    ...(correlationData !== undefined && { correlationData }),
    ...(expirySeconds !== undefined && { expirySeconds }),
    receivedAt,
  };
}
