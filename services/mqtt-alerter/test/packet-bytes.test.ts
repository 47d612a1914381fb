import assert from "node:assert/strict";
import { test } from "node:test";
import { publishPacketBytes } from "../src/packet-bytes.js";

const message = { kind: "basic", topic: "a/b", payload: "xyz", contentType: "t", userProperties: {} } as const;

// Counted by hand after MQTT 5, 3.3: fixed header 1 + 1, topic 2 + 3, property length 1, payload format 2, content type 1 + 2 + 1, payload 3.
test("counts a small packet to the byte", () => {
  assert.equal(publishPacketBytes(message, 0, false), 17);
});

test("adds the packet id for QoS 1 and 2", () => {
  assert.equal(publishPacketBytes(message, 1, false), 19);
  assert.equal(publishPacketBytes(message, 2, false), 19);
});

test("adds the expiry", () => {
  assert.equal(publishPacketBytes(message, 0, true), 22);
});

test("adds five bytes and the texts for a user property", () => {
  assert.equal(publishPacketBytes({ ...message, userProperties: { id: "123", "": "" } }, 0, false), 17 + 10 + 5);
});

test("needs a second byte for the length of many properties", () => {
  const bytesWith = (value: string) => publishPacketBytes({ ...message, userProperties: { id: value } }, 0, false);
  assert.equal(bytesWith("x".repeat(115)), bytesWith("x".repeat(114)) + 2);
  assert.equal(bytesWith("x".repeat(114)), bytesWith("x".repeat(113)) + 1);
});

test("counts bytes, not characters", () => {
  assert.equal(
    publishPacketBytes({ ...message, topic: "å/b", payload: "xy🤪", contentType: "é" }, 0, false),
    17 + 1 + 3 + 1,
  );
});

for (const [payloadBytes, expected] of [
  [115, 2 + 127],
  [116, 3 + 128],
  [16_371, 3 + 16_383],
  [16_372, 4 + 16_384],
  [2_097_139, 4 + 2_097_151],
  [2_097_140, 5 + 2_097_152],
] as const) {
  test(`counts the length of a payload of ${payloadBytes} bytes`, () => {
    assert.equal(
      publishPacketBytes({ ...message, topic: "", payload: "x".repeat(payloadBytes), contentType: "1234" }, 0, false),
      expected,
    );
  });
}
