import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRingMemory, createRingReader, createRingWriter, type OnDatagram } from "../src/datagram-ring.js";

const size = 160 * 1024;
const largestDatagram = 65_507;

function ringAt(bytes = size) {
  const memory = createRingMemory(bytes);
  let rings = 0;
  const reader = createRingReader(memory);
  const writer = createRingWriter(memory, () => rings++);
  return { reader, writer, rings: () => rings };
}

function collected(): readonly [string[], OnDatagram] {
  const texts: string[] = [];
  return [texts, (bytes, address, port, at) => texts.push(`${bytes} ${address} ${port} ${at}`)];
}

test("hands over bytes, sender and time as they came, in their order", () => {
  const { reader, writer } = ringAt();
  writer.write(Buffer.from("a;b"), "10.0.0.5", 51_834, 1_764_155_555_123);
  writer.write(Buffer.from("försäljning"), "fe80::1%eth0", 65_535, 1);
  writer.write(Buffer.alloc(0), "::1", 1, 2);
  writer.publish(false);
  const [texts, onDatagram] = collected();
  assert.equal(reader.read(10, true, onDatagram), false);
  assert.deepEqual(texts, ["a;b 10.0.0.5 51834 1764155555123", "försäljning fe80::1%eth0 65535 1", " ::1 1 2"]);
});

test("hands over bytes that later datagrams do not change", () => {
  const { reader, writer } = ringAt();
  const kept: Buffer[] = [];
  for (const text of ["first", "other"]) {
    writer.write(Buffer.from(text), "::1", 1, 1);
    writer.publish(false);
    reader.read(1, true, (bytes) => kept.push(bytes));
  }
  assert.deepEqual(kept.map(String), ["first", "other"]);
});

test("shows nothing before it is published, and rings once for a reader that sleeps", () => {
  const { reader, writer, rings } = ringAt();
  const [texts, onDatagram] = collected();
  writer.write(Buffer.from("a"), "::1", 1, 1);
  assert.equal(reader.read(10, true, onDatagram), false);
  assert.deepEqual([texts, rings()], [[], 0]);
  writer.publish(false);
  writer.publish(false);
  assert.equal(rings(), 1);
});

test("does not let a reader sleep over what is there", () => {
  const { reader, writer, rings } = ringAt();
  writer.write(Buffer.from("a"), "::1", 1, 1);
  writer.publish(false);
  assert.equal(reader.sleep(), false);
  reader.read(10, true, () => {});
  assert.equal(reader.sleep(), true);
  writer.write(Buffer.from("b"), "::1", 1, 1);
  writer.publish(false);
  assert.equal(rings(), 2);
});

test("leaves the reader alone in a hurry, until a quarter of the ring is left", () => {
  const { reader, writer, rings } = ringAt();
  const [texts, onDatagram] = collected();
  writer.write(Buffer.from("a"), "::1", 1, 1);
  writer.publish(true);
  assert.deepEqual([rings(), reader.shouldPause()], [0, true]);
  reader.read(10, true, onDatagram);
  assert.deepEqual(texts, []);
  writer.write(Buffer.alloc(largestDatagram), "::1", 1, 1);
  writer.write(Buffer.alloc(largestDatagram), "::1", 1, 1);
  writer.publish(true);
  assert.deepEqual([rings(), reader.shouldPause()], [1, false]);
});

test("lets an impatient reader read in a hurry too", () => {
  const { reader, writer } = ringAt();
  const [texts, onDatagram] = collected();
  writer.write(Buffer.from("a"), "::1", 1, 1);
  writer.publish(true);
  reader.read(10, false, onDatagram);
  assert.equal(texts.length, 1);
});

test("neither loses nor mixes up a datagram, whatever their sizes and wherever the ring ends", () => {
  const lengths = fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: largestDatagram }));
  const turns = fc.array(fc.tuple(fc.array(lengths, { maxLength: 2 }), fc.nat({ max: 3 })), { maxLength: 200 });
  fc.assert(
    fc.property(turns, (steps) => {
      const { reader, writer } = ringAt();
      const expected: string[] = [];
      const came: string[] = [];
      let held = 0;
      const onDatagram: OnDatagram = (bytes, address, port) => {
        held -= bytes.length + 64;
        came.push(`${bytes.length} ${bytes[0]} ${bytes.at(-1)} ${address} ${port}`);
      };
      for (const [written, reads] of steps) {
        for (const length of written) {
          // What has no room waits for the reader, which is this very thread.
          while (held + length + 64 > size - largestDatagram - 64) {
            writer.publish(false);
            reader.read(1, false, onDatagram);
          }
          const bytes = Buffer.alloc(length, expected.length);
          const port = expected.length % 65_536;
          writer.write(bytes, "10.0.0.5", port, 1);
          held += length + 64;
          expected.push(`${length} ${bytes[0]} ${bytes.at(-1)} 10.0.0.5 ${port}`);
        }
        writer.publish(false);
        reader.read(reads, false, onDatagram);
      }
      while (reader.read(10, false, onDatagram));
      assert.deepEqual(came, expected);
    }),
  );
});
