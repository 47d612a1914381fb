import { startChild } from "./child.js";
import { findProgram } from "./find-program.js";

export interface PublishOptions {
  readonly port: number;
  readonly topic: string;
  readonly payload: Uint8Array | string;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  /** Protocol 5 or 3.1.1, by its number on the wire. */
  readonly version?: 4 | 5;
  /** Protocol 5 only. */
  readonly properties?: PublishProperties;
  /** Further arguments of mosquitto_pub. */
  readonly args?: readonly string[];
}

export interface PublishProperties {
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: string;
  readonly payloadIsUtf8?: boolean;
  readonly expirySeconds?: number;
  readonly userProperties?: Readonly<Record<string, string>>;
}

const timeoutMs = 10_000;

/**
 * Publishes one message with mosquitto_pub. Resolves when the broker has it (QoS 1 and 2); rejects with what
 * mosquitto_pub says.
 */
export async function publishMqtt(options: PublishOptions): Promise<void> {
  const { port, topic, payload, qos = 1, retain = false, version = 5, properties = {}, args = [] } = options;
  let output = "";
  const keep = (text: string) => {
    output += text;
  };
  const client = await startChild(
    findProgram("mosquitto_pub"),
    [
      ...["-h", "127.0.0.1", "-p", String(port), "-V", version === 5 ? "mqttv5" : "mqttv311"],
      ...["-q", String(qos), "-t", topic, ...(retain ? ["-r"] : [])],
      payload.length === 0 ? "-n" : "-s", // -s refuses an empty stdin
      ...propertyArguments(properties),
      ...args,
    ],
    { input: payload, onStdout: keep, onStderr: keep },
  );
  const tooLate = setTimeout(() => client.kill("SIGKILL"), timeoutMs);
  const { code, signal } = await client.exited;
  clearTimeout(tooLate);
  if (code !== 0) throw new Error(`mosquitto_pub to ${topic} ended with ${code ?? signal}: ${output.trim()}`);
}

function propertyArguments(properties: PublishProperties): string[] {
  const { contentType, responseTopic, correlationData, payloadIsUtf8, expirySeconds, userProperties = {} } = properties;
  const named = {
    "content-type": contentType,
    "response-topic": responseTopic,
    "correlation-data": correlationData,
    "payload-format-indicator": payloadIsUtf8 === undefined ? undefined : Number(payloadIsUtf8),
    "message-expiry-interval": expirySeconds,
  };
  return [
    ...Object.entries(named).flatMap(([name, value]) =>
      value === undefined ? [] : ["-D", "publish", name, `${value}`],
    ),
    ...Object.entries(userProperties).flatMap(([name, value]) => ["-D", "publish", "user-property", name, value]),
  ];
}
