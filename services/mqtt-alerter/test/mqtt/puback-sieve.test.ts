import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { generate, type Packet } from "mqtt-packet";
import { createSieve } from "../../src/mqtt/puback-sieve.js";

/** What a sieve makes of bytes that come in pieces of these lengths, over and over. */
function sifted(bytes: Buffer, lengths: readonly number[]): { pubacks: [number, number][]; rest: Buffer } {
  const pubacks: [number, number][] = [];
  const sieve = createSieve((id, reasonCode) => pubacks.push([id, reasonCode]));
  const rest: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = at + (lengths[turn % lengths.length] as number);
    rest.push(sieve(bytes.subarray(at, end)));
    at = end;
  }
  return { pubacks, rest: Buffer.concat(rest) };
}

const v5 = { protocolVersion: 5 } as const;
const id = fc.integer({ min: 1, max: 65_535 });
const puback = fc.record({ id, reasonCode: fc.constantFrom(0, 0x10, 0x80, 0x87, 0x97) });
const other: fc.Arbitrary<Packet> = fc.oneof(
  fc.constant<Packet>({ cmd: "pingresp" }),
  fc.record({ cmd: fc.constant("pubrec" as const), messageId: id }),
  fc.record({
    cmd: fc.constant("puback" as const),
    messageId: id,
    reasonCode: fc.constant(0x87),
    properties: fc.record({ reasonString: fc.string({ minLength: 1, maxLength: 200 }) }),
  }),
  fc.record({
    cmd: fc.constant("publish" as const),
    topic: fc.constant("a/b"),
    payload: fc.oneof(fc.string(), fc.string({ minLength: 100, maxLength: 20_000 })),
    qos: fc.constant(0 as const),
    retain: fc.boolean(),
    dup: fc.constant(false),
  }),
);

test("picks out each PUBACK, and lets all else through to the byte, however it comes in pieces", () => {
  const packets = fc.array(fc.oneof(puback, other), { maxLength: 30 });
  fc.assert(
    fc.property(
      packets,
      fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 5 }),
      (given, cuts) => {
        const bytes = given.map((packet) => ("cmd" in packet ? generate(packet, v5) : bytesOf(packet)));
        const { pubacks, rest } = sifted(Buffer.concat(bytes), cuts);
        const wanted = given.flatMap((packet) => ("cmd" in packet ? [] : [[packet.id, packet.reasonCode]]));
        assert.deepEqual(pubacks, wanted);
        assert.deepEqual(rest, Buffer.concat(bytes.filter((_, index) => "cmd" in (given[index] as object))));
      },
    ),
  );
});

/** Without a reason code where that says success: brokers do both. */
function bytesOf({ id, reasonCode }: { readonly id: number; readonly reasonCode: number }): Buffer {
  const ends = [id >> 8, id & 0xff];
  return reasonCode === 0 ? Buffer.from([0x40, 2, ...ends]) : Buffer.from([0x40, 3, ...ends, reasonCode]);
}

test("leaves what is no MQTT to others", () => {
  const junk = Buffer.from([0x40, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]);
  assert.deepEqual(sifted(junk, [100]).rest.subarray(0, 5), junk.subarray(0, 5));
});
