import type { ConnectOptions } from "./connection.js";

/** What MQTT.js is given for a connection, in its own terms; what is made of its classes is not among it. */
export function clientOptions(options: ConnectOptions) {
  const { protocol, hostname, port, pathname, search } = new URL(options.url);
  const isWebSocket = protocol.startsWith("ws");
  const { session, will, username, password } = options;
  return {
    // In parts: MQTT.js would take a client id out of the query of a URL, and the brackets off an IPv6 address.
    protocol: protocol.slice(0, -1) as "mqtt",
    hostname: isWebSocket ? hostname : hostname.replace(/^\[|\]$/g, ""),
    ...(port === "" ? {} : { port: Number(port) }),
    ...(isWebSocket ? { path: `${pathname}${search}` } : {}),
    protocolVersion: options.protocolVersion,
    clientId: options.clientId,
    clean: session === undefined,
    ...(session !== undefined && options.protocolVersion === 5
      ? {
          properties: {
            sessionExpiryInterval: session.expirySeconds,
            receiveMaximum: session.receiveMaximum,
            maximumPacketSize: session.maximumPacketBytes,
          },
        }
      : {}),
    keepalive: options.keepaliveSeconds,
    connectTimeout: options.connackMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // A timer that is moved at each PUBACK costs more than a ping: see `postponePing`.
    reschedulePings: false,
    // Its buffers for 65,536 packet identifiers take 7 MB and 20 ms.
    writeCache: false,
    log: () => undefined,
    rejectUnauthorized: !options.tlsInsecure,
    ...(will === undefined ? {} : { will: { ...will, payload: Buffer.from(will.payload) } }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...options.tls,
  };
}
