import type { IClientOptions, MqttClient } from "mqtt";
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
    // A ping each keepalive, and not so long after the last packet: moving the timer at each PUBACK costs more than the ping.
    reschedulePings: false,
    log: () => undefined,
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
