import assert from "node:assert/strict";
import { test } from "node:test";
import { createReader } from "../../src/mqtt/puback-codes.js";

const sent = Buffer.from(
  [
    "200900000622000a210014", // CONNACK
    "4002000a", // PUBACK without a reason code
    "4003000b10",
    "4003010795", // packet too large, which MQTT 5 has for DISCONNECT only
    "d000", // PINGRESP
    `30830100${"4003000195".repeat(26)}`, // PUBLISH with what looks like PUBACKs
    "4009010887051f00026161", // PUBACK with a reason string
  ].join(""),
  "hex",
);

for (const size of [1, 2, 3, 7, sent.length]) {
  test(`reads and replaces the error codes of PUBACKs in pieces of ${size} bytes`, () => {
    const errors: [number, number][] = [];
    const read = createReader((packetId, code) => errors.push([packetId, code]));
    const bytes = Buffer.from(sent);
    for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size));
    assert.deepEqual(errors, [
      [0x0107, 0x95],
      [0x0108, 0x87],
    ]);
    const changed = [...bytes.keys()].filter((index) => bytes[index] !== sent[index]);
    assert.deepEqual(
      changed.map((index) => bytes[index]),
      [0x80, 0x80],
    );
  });
}
