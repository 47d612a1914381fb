import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { eventTypes } from "@sense-alerts/event-contract";
import fc from "fast-check";
import {
  decodeRecords,
  encodeEventRecord,
  encodeMarkRecord,
  type SpoolRecord,
} from "../../../src/outbox/spool/record.js";
import { eventOf, recordsOf } from "./events.js";

const sequence = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const record: fc.Arbitrary<SpoolRecord> = fc.oneof(
  fc.record({ kind: fc.constant("mark" as const), sequence }, { noNullPrototype: true }),
  fc.record(
    {
      kind: fc.constant("event" as const),
      sequence,
      message: fc.record(
        {
          type: fc.constantFrom(...eventTypes),
          subject: fc.string({ unit: "binary" }),
          id: fc.string({ unit: "binary" }),
          payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
          headers: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
        },
        { requiredKeys: ["type", "subject", "id", "payload"], noNullPrototype: true },
      ),
    },
    { noNullPrototype: true },
  ),
);

function encode(record: SpoolRecord): Buffer {
  return record.kind === "mark"
    ? encodeMarkRecord(record.sequence)
    : encodeEventRecord(record.message, record.sequence);
}

function decode(bytes: Buffer, isWhole = true) {
  const decoded = [...decodeRecords(bytes, isWhole)];
  return {
    records: decoded.flatMap(({ record }) => record ?? []),
    damaged: decoded.filter(({ record }) => record === undefined).length,
    end: decoded.at(-1)?.end ?? 0,
  };
}

test("reads what it wrote, in order", () => {
  fc.assert(
    fc.property(fc.array(record), (records) => {
      const bytes = Buffer.concat(records.map(encode));
      assert.deepEqual(decode(bytes), { records, damaged: 0, end: bytes.length });
    }),
  );
});

test("has the layout that its docstring gives", () => {
  const message = eventOf("a", 3);
  const bytes = encodeEventRecord(message, 0x0102030405);
  const { payload, ...details } = message;
  const text = Buffer.from(JSON.stringify(details));
  assert.equal(bytes.toString("hex", 0, 4), "f5535031");
  assert.equal(bytes.readUInt32LE(4), bytes.length - 12);
  assert.equal(bytes.readUInt32LE(8), crc32(bytes.subarray(12)));
  assert.equal(bytes.toString("hex", 12, 21), "010504030201000000");
  assert.equal(bytes.readUInt32LE(21), text.length);
  assert.deepEqual(bytes.subarray(25), Buffer.concat([text, payload]));
  assert.equal(encodeMarkRecord(7).toString("hex", 12), "020700000000000000");
});

test("loses the last record alone, wherever it is torn", () => {
  const [first, second, last] = recordsOf(["a", "b", "c"], 1);
  assert(first !== undefined && second !== undefined && last !== undefined);
  for (let bytes = 0; bytes < last.length; bytes++) {
    const torn = Buffer.concat([first, second, last.subarray(0, bytes)]);
    const { records, damaged, end } = decode(torn);
    assert.deepEqual(
      records.map(({ sequence }) => sequence),
      [1, 2],
    );
    assert.equal(damaged, bytes === 0 ? 0 : 1, `${bytes} bytes of the last`);
    assert.equal(end, torn.length);
  }
});

test("loses the record in which a byte is wrong and no other, whichever byte and whatever it becomes", () => {
  const records = recordsOf(["a", "b", "c"], 1);
  const whole = Buffer.concat(records);
  const lengths = records.map(({ length }) => length);
  const right = decode(whole).records;
  for (let at = 0; at < whole.length; at++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8(bytes.readUInt8(at) ^ flip, at);
      const hit = at < (lengths[0] ?? 0) ? 0 : at < (lengths[0] ?? 0) + (lengths[1] ?? 0) ? 1 : 2;
      assert.deepEqual(decode(bytes).records, right.toSpliced(hit, 1), `byte ${at} ^ ${flip}`);
    }
  }
});

test("never throws, and takes nothing for a record that is none, whatever it reads", () => {
  const noise = fc.uint8Array({ maxLength: 400 }).map((bytes) => ({ bytes: Buffer.from(bytes), whole: [] }));
  const whole = record.map((one) => ({ bytes: encode(one), whole: [one] }));
  // The byte that it lacks may be the first of what follows.
  const cut = record.map((one) => ({ bytes: encode(one).subarray(0, -1), whole: [one] }));
  fc.assert(
    fc.property(fc.array(fc.oneof(noise, whole, cut)), fc.boolean(), (pieces, isWhole) => {
      const known = new Set(pieces.flatMap(({ whole }) => whole.map((one) => encode(one).toString("hex"))));
      const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
      const { records: found, end } = decode(bytes, isWhole);
      for (const one of found) assert(known.has(encode(one).toString("hex")));
      assert(end <= bytes.length);
    }),
  );
});

test("reads the same in pieces of any size as in one", () => {
  fc.assert(
    fc.property(fc.array(record), fc.integer({ min: 1, max: 200 }), fc.nat(), (records, step, damagedAt) => {
      const whole = Buffer.concat(records.map(encode));
      if (whole.length > 0)
        whole.writeUInt8(whole.readUInt8(damagedAt % whole.length) ^ 0x20, damagedAt % whole.length);
      const found: SpoolRecord[] = [];
      let at = 0;
      for (let size = step; at < whole.length; ) {
        const isWhole = at + size >= whole.length;
        const piece = decode(whole.subarray(at, at + size), isWhole);
        found.push(...piece.records);
        at += piece.end;
        size = piece.end === 0 ? size * 2 : step;
      }
      assert.deepEqual(found, decode(whole).records);
    }),
  );
});
