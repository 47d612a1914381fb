import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createDatagramQueue, type OnDatagram } from "../../src/socket/datagram-queue.js";

const size = 160 * 1024;
const largestDatagram = 65_507;

function collected(): readonly [string[], OnDatagram] {
  const texts: string[] = [];
  return [texts, (bytes, address, port, at) => texts.push(`${bytes} ${address} ${port} ${at}`)];
}

test("hands over bytes, sender and time as they came, in their order", () => {
  const queue = createDatagramQueue(size);
  queue.write(Buffer.from("a;b"), "10.0.0.5", 51_834, 1_764_155_555_123);
  queue.write(Buffer.from("försäljning"), "fe80::1%eth0", 65_535, 1);
  queue.write(Buffer.alloc(0), "::1", 1, 2);
  const [texts, onDatagram] = collected();
  assert.equal(queue.read(10, onDatagram), false);
  assert.deepEqual(texts, ["a;b 10.0.0.5 51834 1764155555123", "försäljning fe80::1%eth0 65535 1", " ::1 1 2"]);
});

test("hands over no more than it is asked for, and says whether there are more", () => {
  const queue = createDatagramQueue(size);
  for (const text of ["a", "b", "c"]) queue.write(Buffer.from(text), "::1", 1, 1);
  const [texts, onDatagram] = collected();
  assert.equal(queue.read(2, onDatagram), true);
  assert.equal(texts.length, 2);
  assert.equal(queue.read(2, onDatagram), false);
  assert.equal(texts.length, 3);
});

test("hands over bytes that later datagrams do not change", () => {
  const queue = createDatagramQueue(size);
  const kept: Buffer[] = [];
  for (const text of ["first", "other"]) {
    queue.write(Buffer.from(text), "::1", 1, 1);
    queue.read(1, (bytes) => kept.push(bytes));
  }
  assert.deepEqual(kept.map(String), ["first", "other"]);
});

test("takes nothing that it has no room for, and has room no more from three quarters on", () => {
  const queue = createDatagramQueue(size);
  const largest = Buffer.alloc(largestDatagram);
  assert.equal(queue.write(largest, "::1", 1, 1), true);
  assert.equal(queue.hasRoom(), true);
  assert.equal(queue.write(largest, "::1", 1, 1), true);
  assert.equal(queue.hasRoom(), false);
  assert.equal(queue.write(largest, "::1", 1, 1), false);
  queue.read(2, () => {});
  assert.equal(queue.write(largest, "::1", 1, 1), true);
});

test("neither loses nor mixes up a datagram, whatever their sizes and wherever its memory ends", () => {
  const lengths = fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: largestDatagram }));
  const turns = fc.array(fc.tuple(fc.array(lengths, { maxLength: 2 }), fc.nat({ max: 3 })), { maxLength: 200 });
  fc.assert(
    fc.property(turns, (steps) => {
      const queue = createDatagramQueue(size);
      const expected: string[] = [];
      const came: string[] = [];
      const onDatagram: OnDatagram = (bytes, address, port) =>
        came.push(`${bytes.length} ${bytes[0]} ${bytes.at(-1)} ${address} ${port}`);
      for (const [written, reads] of steps) {
        for (const length of written) {
          const bytes = Buffer.alloc(length, expected.length);
          const port = expected.length % 65_536;
          while (!queue.write(bytes, "10.0.0.5", port, 1)) queue.read(1, onDatagram);
          expected.push(`${length} ${bytes[0]} ${bytes.at(-1)} 10.0.0.5 ${port}`);
        }
        queue.read(reads, onDatagram);
      }
      while (queue.read(10, onDatagram));
      assert.deepEqual(came, expected);
    }),
  );
});
