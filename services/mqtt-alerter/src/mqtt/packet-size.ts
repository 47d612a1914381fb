import type { OutgoingMessage } from "./connection.js";
import type { ProtocolVersion } from "./mqtt-options.js";

/**
 * The size of a PUBLISH packet (MQTT 5, 3.3; without properties MQTT 3.1.1, 3.3), for the server's Maximum Packet Size.
 */
export function publishBytes(message: OutgoingMessage, protocolVersion: ProtocolVersion): number {
  const { topic, payload, qos, contentType, expirySeconds, correlationData, userProperties = {} } = message;
  let length = 2 + Buffer.byteLength(topic) + (qos === 0 ? 0 : 2) + Buffer.byteLength(payload);
  if (protocolVersion === 5) {
    let properties = 0;
    if (contentType !== undefined) properties += 2 + 3 + Buffer.byteLength(contentType);
    if (expirySeconds !== undefined) properties += 5;
    if (correlationData !== undefined) properties += 3 + correlationData.length;
    for (const [name, values] of Object.entries(userProperties)) {
      for (const value of [values].flat()) properties += 5 + Buffer.byteLength(name) + Buffer.byteLength(value);
    }
    length += variableBytes(properties) + properties;
  }
  return 1 + variableBytes(length) + length;
}

/** Seven bits a byte (MQTT 5, 1.5.5). */
function variableBytes(value: number): number {
  if (value < 128) return 1;
  if (value < 16_384) return 2;
  return value < 2_097_152 ? 3 : 4;
}
