import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { generate, type IPublishPacket } from "mqtt-packet";
import { isMqttString } from "../../src/alerts/mqtt-string.js";
import {
  encodePublish,
  encodePubrel,
  type PublishContent,
  type PublishTerms,
  type QoS,
} from "../../src/mqtt/publish-packet.js";

type Terms = PublishTerms & { readonly qos: QoS; readonly retain: boolean };

const terms = { protocolVersion: 5, qos: 1, retain: false, messageExpirySeconds: undefined } as const;

/** The packet with an identifier in it, as it goes out. */
function encoded(content: PublishContent, packetTerms: Terms, id: number): Buffer {
  const { bytes, idAt } = encodePublish(content, packetTerms.qos, packetTerms.retain, packetTerms);
  if (packetTerms.qos > 0) bytes.writeUInt16BE(id, idAt);
  return bytes;
}

/** What the encoder that MQTT.js uses makes of it. */
function generated(content: PublishContent, packetTerms: Terms, messageId: number): Buffer {
  const { topic, payload, contentType, userProperties, correlationData } = content;
  const { protocolVersion, qos, retain, messageExpirySeconds } = packetTerms;
  const properties: NonNullable<IPublishPacket["properties"]> = {};
  if (contentType !== undefined) properties.payloadFormatIndicator = true;
  if (messageExpirySeconds !== undefined) properties.messageExpiryInterval = messageExpirySeconds;
  if (contentType !== undefined) properties.contentType = contentType;
  if (correlationData !== undefined) properties.correlationData = Buffer.from(correlationData);
  if (userProperties !== undefined && Object.keys(userProperties).length > 0) {
    properties.userProperties = Object.fromEntries(
      Object.entries(userProperties).map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
    );
  }
  const packet: IPublishPacket = { cmd: "publish", topic, payload, qos, retain, dup: false, messageId };
  return generate({ ...packet, ...(protocolVersion === 5 ? { properties } : {}) }, { protocolVersion });
}

test("encodes what the encoder of MQTT.js encodes, to the byte", () => {
  const text = fc.string({ unit: "grapheme" }).filter(isMqttString);
  const content = fc.record(
    {
      topic: text.filter((topic) => topic !== ""),
      payload: fc.oneof(text, fc.string({ minLength: 100, maxLength: 40_000 })),
      contentType: text,
      correlationData: fc.uint8Array({ maxLength: 300 }),
      userProperties: fc.dictionary(text, fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })), {
        maxKeys: 5,
      }),
    },
    { requiredKeys: ["topic", "payload"] },
  );
  const anyTerms = fc.record({
    protocolVersion: fc.constantFrom<4 | 5>(4, 5),
    qos: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
    retain: fc.boolean(),
    messageExpirySeconds: fc.option(fc.nat(), { nil: undefined }),
  });
  fc.assert(
    fc.property(content, anyTerms, fc.integer({ min: 1, max: 65_535 }), (message, packetTerms, id) => {
      assert.deepEqual(encoded(message, packetTerms, id), generated(message, packetTerms, id));
    }),
  );
});

for (const payloadBytes of [115, 116, 16_371, 16_372, 2_097_139, 2_097_140]) {
  test(`encodes the length of a payload of ${payloadBytes} bytes`, () => {
    const message = { topic: "a", payload: "x".repeat(payloadBytes), contentType: "1234" };
    assert.deepEqual(encoded(message, terms, 1), generated(message, terms, 1));
  });
}

test("does not take the properties of one message for those of the next", () => {
  const of = (id: string) => ({ topic: "a", payload: "", userProperties: { id } });
  for (const id of ["1", "2"]) assert.deepEqual(encoded(of(id), terms, 1), generated(of(id), terms, 1));
});

test("encodes a PUBREL in its short form, as the encoder of MQTT.js does for MQTT 3.1.1", () => {
  for (const id of [1, 255, 256, 65_535]) {
    assert.deepEqual(encodePubrel(id), generate({ cmd: "pubrel", messageId: id }, { protocolVersion: 4 }));
  }
});
