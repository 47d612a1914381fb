import type { AlertMessage } from "./alert-messages.js";

/** What a PUBLISH carries; properties go out with MQTT 5 alone. */
export type PublishContent = Pick<AlertMessage, "topic" | "payload"> &
  Partial<Pick<AlertMessage, "contentType" | "userProperties" | "correlationData">>;

export type PublishTerms = {
  readonly protocolVersion: 4 | 5;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly messageExpirySeconds: number | undefined;
};

/** A PUBLISH packet as it goes over the wire, but for its packet identifier. */
export type PublishPacket = {
  readonly bytes: Buffer;
  /** Where the identifier goes, two bytes; there is none at QoS 0. */
  readonly idAt: number;
  readonly qos: 0 | 1 | 2;
};

const publish = 0x30;
const pubrel = 0x62;
const idBytes = 2;
const payloadFormatUtf8 = Buffer.from([0x01, 1]);
const messageExpiryInterval = 0x02;
const contentTypeMark = Buffer.from([0x03]);
const correlationData = 0x09;
const userPropertyMark = Buffer.from([0x26]);

/**
 * Encodes a PUBLISH (MQTT 5, 3.3; without properties also MQTT 3.1.1, 3.3). Topic and strings must be ones that MQTT can carry, see
 * `isMqttString`. MQTT.js writes a packet piece by piece and keeps a record of each, at ten times the cost.
 */
export function encodePublish(content: PublishContent, terms: PublishTerms): PublishPacket {
  const { topic, payload } = content;
  const properties = terms.protocolVersion === 5 ? propertyBytes(content, terms.messageExpirySeconds) : undefined;
  const topicBytes = Buffer.byteLength(topic);
  const idLength = terms.qos === 0 ? 0 : idBytes;
  const propertiesLength = properties === undefined ? 0 : lengthBytes(properties.length) + properties.length;
  const remaining = 2 + topicBytes + idLength + propertiesLength + Buffer.byteLength(payload);
  const bytes = Buffer.allocUnsafe(1 + lengthBytes(remaining) + remaining);
  bytes[0] = publish | (terms.qos << 1) | (terms.retain ? 1 : 0);
  let at = writeLength(bytes, 1, remaining);
  at = bytes.writeUInt16BE(topicBytes, at);
  at += bytes.write(topic, at, "utf8");
  const idAt = at;
  at += idLength;
  if (properties !== undefined) {
    at = writeLength(bytes, at, properties.length);
    at += properties.copy(bytes, at);
  }
  bytes.write(payload, at, "utf8");
  return { bytes, idAt, qos: terms.qos };
}

/** The second half of a handshake at QoS 2 (MQTT 5, 3.6). */
export function encodePubrel(id: number): Buffer {
  return Buffer.from([pubrel, idBytes, id >> 8, id & 0xff]);
}

function propertyBytes(content: PublishContent, messageExpirySeconds: number | undefined): Buffer {
  const pieces: Uint8Array[] = [];
  if (content.contentType !== undefined) pieces.push(payloadFormatUtf8);
  if (messageExpirySeconds !== undefined) {
    const expiry = Buffer.from([messageExpiryInterval, 0, 0, 0, 0]);
    expiry.writeUInt32BE(messageExpirySeconds, 1);
    pieces.push(expiry);
  }
  if (content.contentType !== undefined) pieces.push(contentTypeMark, stringBytes(content.contentType));
  if (content.correlationData !== undefined) {
    const { length } = content.correlationData;
    pieces.push(Buffer.from([correlationData, length >> 8, length & 0xff]), content.correlationData);
  }
  if (content.userProperties !== undefined) pieces.push(userPropertyBytes(content.userProperties));
  return Buffer.concat(pieces);
}

type UserProperties = AlertMessage["userProperties"];

/** The messages of one event share their user properties, and go out one after the other. */
let lastProperties: { readonly of: UserProperties; readonly bytes: Buffer } | undefined;

function userPropertyBytes(properties: UserProperties): Buffer {
  if (lastProperties?.of === properties) return lastProperties.bytes;
  const pieces: Buffer[] = [];
  for (const [name, values] of Object.entries(properties)) {
    for (const value of typeof values === "string" ? [values] : values) {
      pieces.push(userPropertyMark, stringBytes(name), stringBytes(value));
    }
  }
  const bytes = Buffer.concat(pieces);
  lastProperties = { of: properties, bytes };
  return bytes;
}

/** A UTF-8 Encoded String (MQTT 5, 1.5.4). */
function stringBytes(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(2 + length);
  bytes.writeUInt16BE(length, 0);
  bytes.write(text, 2, "utf8");
  return bytes;
}

/** Of a Variable Byte Integer: seven bits a byte (MQTT 5, 1.5.5). */
function lengthBytes(value: number): number {
  if (value < 128) return 1;
  if (value < 16_384) return 2;
  return value < 2_097_152 ? 3 : 4;
}

function writeLength(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest >= 128; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}
