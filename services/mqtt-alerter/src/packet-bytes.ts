import type { AlertMessage } from "./alert-messages.js";

/** The size of the PUBLISH packet that carries the message, in bytes (MQTT 5, 3.3), to hold against the broker's Maximum Packet Size. */
export function publishPacketBytes(message: AlertMessage, qos: 0 | 1 | 2, expires: boolean): number {
  const { topic, payload, contentType, userProperties } = message;
  const payloadFormat = 2;
  const expiry = expires ? 5 : 0;
  const userBytes = Object.entries(userProperties)
    .flatMap(([name, values]) => [values].flat().map((value) => [name, value] as const))
    .map(([name, value]) => 1 + textBytes(name) + textBytes(value));
  const correlation = message.correlationData === undefined ? 0 : 3 + message.correlationData.length;
  const fixed = payloadFormat + expiry + correlation + 1 + textBytes(contentType);
  const properties = userBytes.reduce((sum, bytes) => sum + bytes, fixed);
  const packetId = qos === 0 ? 0 : 2;
  const body = textBytes(topic) + packetId + lengthBytes(properties) + properties + Buffer.byteLength(payload);
  return 1 + lengthBytes(body) + body;
}

function textBytes(text: string): number {
  return 2 + Buffer.byteLength(text);
}

/** Of a Variable Byte Integer: seven bits a byte (MQTT 5, 1.5.5). */
function lengthBytes(value: number): number {
  if (value < 128) return 1;
  if (value < 16_384) return 2;
  return value < 2_097_152 ? 3 : 4;
}
