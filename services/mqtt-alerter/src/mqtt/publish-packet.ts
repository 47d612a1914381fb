import type { AlertMessage } from "../alerts/alert-messages.js";

/** What a PUBLISH carries; properties go out with MQTT 5 alone. */
export type PublishContent = Pick<AlertMessage, "topic" | "payload"> &
  Partial<Pick<AlertMessage, "contentType" | "userProperties" | "correlationData">>;

export type QoS = 0 | 1 | 2;

/** What holds for all messages. */
export type PublishTerms = {
  readonly protocolVersion: 4 | 5;
  readonly messageExpirySeconds: number | undefined;
};

/** A PUBLISH packet as it goes over the wire, but for its packet identifier. */
export type PublishPacket = {
  readonly bytes: Buffer;
  /** Where the identifier goes, two bytes; there is none at QoS 0. */
  readonly idAt: number;
  readonly qos: QoS;
};

const publish = 0x30;
const pubrel = 0x62;
const idBytes = 2;
const payloadFormatIndicator = 0x01;
const messageExpiryInterval = 0x02;
const contentTypeMark = 0x03;
const correlationDataMark = 0x09;
const userPropertyMark = 0x26;
const utf8 = 1;
const nothing = Buffer.alloc(0);
const mostKinds = 16;

/**
 * Encodes a PUBLISH (MQTT 5, 3.3; without properties also MQTT 3.1.1, 3.3). Topic and strings must be ones that MQTT can carry, see
 * `isMqttString`. MQTT.js writes a packet piece by piece and keeps a record of each, at ten times the cost.
 */
export function encodePublish(content: PublishContent, qos: QoS, retain: boolean, terms: PublishTerms): PublishPacket {
  const { topic, payload, correlationData = nothing } = content;
  const hasProperties = terms.protocolVersion === 5;
  const common = hasProperties ? commonProperties(content.contentType, terms.messageExpirySeconds) : nothing;
  const user = hasProperties ? userProperties(content.userProperties) : nothing;
  const correlation = hasProperties && content.correlationData !== undefined ? 3 + correlationData.length : 0;
  const properties = common.length + correlation + user.length;
  const topicBytes = Buffer.byteLength(topic);
  const idLength = qos === 0 ? 0 : idBytes;
  const propertiesLength = hasProperties ? lengthBytes(properties) + properties : 0;
  const remaining = 2 + topicBytes + idLength + propertiesLength + Buffer.byteLength(payload);
  const bytes = Buffer.allocUnsafe(1 + lengthBytes(remaining) + remaining);
  bytes[0] = publish | (qos << 1) | (retain ? 1 : 0);
  let at = writeLength(bytes, 1, remaining);
  at = bytes.writeUInt16BE(topicBytes, at);
  at += bytes.write(topic, at, "utf8");
  const idAt = at;
  at += idLength;
  if (hasProperties) {
    at = writeLength(bytes, at, properties);
    at += common.copy(bytes, at);
    if (correlation > 0) {
      bytes[at] = correlationDataMark;
      at = bytes.writeUInt16BE(correlationData.length, at + 1);
      bytes.set(correlationData, at);
      at += correlationData.length;
    }
    at += user.copy(bytes, at);
  }
  bytes.write(payload, at, "utf8");
  return { bytes, idAt, qos };
}

/** The second half of a handshake at QoS 2 (MQTT 5, 3.6). */
export function encodePubrel(id: number): Buffer {
  return Buffer.from([pubrel, idBytes, id >> 8, id & 0xff]);
}

/** The last that were encoded, by content type: there are as many as there are kinds of messages, and one expiry. */
const knownCommon = new Map<
  string | undefined,
  { readonly expirySeconds: number | undefined; readonly bytes: Buffer }
>();

/** The properties that all messages of a kind share. */
function commonProperties(contentType: string | undefined, expirySeconds: number | undefined): Buffer {
  const known = knownCommon.get(contentType);
  if (known !== undefined && known.expirySeconds === expirySeconds) return known.bytes;
  const pieces: Buffer[] = [];
  if (contentType !== undefined) pieces.push(Buffer.from([payloadFormatIndicator, utf8]));
  if (expirySeconds !== undefined) {
    const expiry = Buffer.from([messageExpiryInterval, 0, 0, 0, 0]);
    expiry.writeUInt32BE(expirySeconds, 1);
    pieces.push(expiry);
  }
  if (contentType !== undefined) {
    const text = Buffer.alloc(3 + Buffer.byteLength(contentType));
    text[0] = contentTypeMark;
    writeString(text, 1, contentType);
    pieces.push(text);
  }
  const bytes = Buffer.concat(pieces);
  if (knownCommon.size >= mostKinds) knownCommon.clear();
  knownCommon.set(contentType, { expirySeconds, bytes });
  return bytes;
}

type UserProperties = AlertMessage["userProperties"];

/** The messages of one event share their user properties, and go out one after the other. */
let lastUser: { readonly of: UserProperties; readonly bytes: Buffer } | undefined;

function userProperties(properties: UserProperties | undefined): Buffer {
  if (properties === undefined) return nothing;
  if (lastUser?.of === properties) return lastUser.bytes;
  let length = 0;
  for (const name in properties) {
    for (const value of valuesOf(properties[name])) length += 5 + Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const name in properties) {
    for (const value of valuesOf(properties[name])) {
      bytes[at] = userPropertyMark;
      at = writeString(bytes, at + 1, name);
      at = writeString(bytes, at, value);
    }
  }
  lastUser = { of: properties, bytes };
  return bytes;
}

function valuesOf(value: string | readonly string[] | undefined): readonly string[] {
  return typeof value === "string" ? [value] : (value ?? []);
}

/** A UTF-8 Encoded String (MQTT 5, 1.5.4); returns where it ends. */
function writeString(bytes: Buffer, start: number, text: string): number {
  const length = bytes.write(text, start + 2, "utf8");
  bytes.writeUInt16BE(length, start);
  return start + 2 + length;
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
