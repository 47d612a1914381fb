import type { IClientOptions, IClientPublishOptions, MqttClient } from "mqtt";
import type { AlertMessage } from "./alert-messages.js";
import type { MqttOptions } from "./mqtt-options.js";
import { readTlsFiles } from "./tls-files.js";

/** What every connection to the broker has in common. */
export function clientOptions(options: MqttOptions): IClientOptions {
  return {
    protocolVersion: options.protocolVersion,
    clientId: options.clientId,
    clean: true,
    keepalive: options.keepaliveSeconds,
    // A broker that says "busy" or "bad password" now may say "welcome" later.
    reconnectOnConnackError: true,
    queueQoSZero: false,
    resubscribe: false,
    rejectUnauthorized: !options.tlsInsecure,
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...readTlsFiles(options),
  };
}

/** Has the next attempt of a client use what the TLS files hold now. Throws when one of them cannot be used. */
export function renewTlsFiles(client: MqttClient, options: MqttOptions): void {
  // For wss MQTT.js keeps a copy, made at the first attempt; without one it makes another.
  Object.assign(client.options, readTlsFiles(options), { wsOptions: undefined });
}

/** The properties of a PUBLISH. MQTT.js leaves them out where MQTT 3.1.1 has none. */
export function propertiesOf(
  message: AlertMessage,
  { messageExpirySeconds }: MqttOptions,
): NonNullable<IClientPublishOptions["properties"]> {
  const userProperties = Object.entries(message.userProperties).map(
    ([name, value]) => [name, typeof value === "string" ? value : [...value]] as const,
  );
  return {
    contentType: message.contentType,
    payloadFormatIndicator: true,
    // With an empty object MQTT.js sends nothing at all, and never says so.
    ...(userProperties.length === 0 ? {} : { userProperties: Object.fromEntries(userProperties) }),
    ...(message.correlationData === undefined ? {} : { correlationData: Buffer.from(message.correlationData) }),
    ...(messageExpirySeconds === undefined ? {} : { messageExpiryInterval: messageExpirySeconds }),
  };
}
