import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempDir } from "@sense-alerts/test-kit";
import { encodeMarkRecord } from "../../../src/outbox/spool/record.js";
import { idsOf } from "../outbox-to-memory.js";
import { eventOf, recordsOf } from "./events.js";
import { append, largePayload, megabyte, newestOf, open, readAll, reopen, segmentsOf } from "./open-spool.js";

test("has nothing on disk before something is appended", async (t) => {
  const spool = await open(t, join(tempDir(t), "made", "by", "itself"));
  assert.deepEqual([spool.last(), spool.mark(), spool.bytes(), spool.tornAtOpen], [0, 0, 0, 0]);
  await spool.tidy();
  assert.deepEqual(segmentsOf(spool), []);
  assert.deepEqual(await spool.read(0, { maxEvents: 1, maxBytes: 1 }), { events: [], through: 0, torn: 0 });
});

test("gives back whole messages, in the order of appending, also to the next process", async (t) => {
  const spool = await open(t, tempDir(t));
  await spool.append(recordsOf(idsOf(20), 1));
  await append(spool, idsOf(20, 21));
  assert.deepEqual(await readAll(spool), { ids: idsOf(40), torn: 0 });
  const next = await reopen(t, spool);
  assert.equal(next.last(), 40);
  assert.deepEqual(await readAll(next), { ids: idsOf(40), torn: 0 });
  const { events } = await next.read(0, { maxEvents: 1, maxBytes: 1 });
  assert.deepEqual(events, [{ kind: "event", sequence: 1, message: eventOf("m000001") }]);
});

test("reads on while more is appended", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(3));
  assert.equal((await spool.read(0, { maxEvents: 10, maxBytes: megabyte })).through, 3);
  await append(spool, idsOf(3, 4));
  assert.deepEqual(await readAll(spool, 3), { ids: idsOf(3, 4), torn: 0 });
});

test("is readable by its own user only", async (t) => {
  const spool = await open(t, join(tempDir(t), "spool"));
  await append(spool, ["a"]);
  assert.equal(statSync(spool.dir).mode & 0o777, 0o700);
  assert.equal(statSync(newestOf(spool)).mode & 0o777, 0o600);
});

test("splits into segments, and reads across them", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(40), largePayload);
  const segments = segmentsOf(spool);
  assert.equal(segments.length, 4);
  for (const path of segments) assert(statSync(path).size <= spool.segmentBytes);
  const onDisk = segments.reduce((sum, path) => sum + statSync(path).size, 0);
  assert.equal(spool.bytes(), onDisk);
  assert.deepEqual(await readAll(spool), { ids: idsOf(40), torn: 0 });
  const next = await reopen(t, spool);
  assert.equal(next.bytes(), onDisk);
  assert.deepEqual(await readAll(next), { ids: idsOf(40), torn: 0 });
});

test("takes a record that is larger than a piece is read in, and than a segment", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, ["a", "b"], 600_000);
  await append(spool, ["c"]);
  assert.deepEqual(await readAll(spool), { ids: ["a", "b", "c"], torn: 0 });
});

test("does not give the next process what was settled, if it was written down", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(10));
  spool.settle(4);
  await spool.tidy();
  const next = await reopen(t, spool);
  assert.equal(next.mark(), 4);
  assert.deepEqual((await readAll(next)).ids, idsOf(6, 5));
  next.settle(7);
  await append(next, ["last"]);
  const third = await reopen(t, next);
  assert.equal(third.mark(), 7);
  assert.deepEqual((await readAll(third)).ids, [...idsOf(3, 8), "last"]);
});

test("knows its mark also when only a mark was written since the start", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(10));
  const second = await reopen(t, spool);
  second.settle(9);
  await second.tidy();
  const third = await reopen(t, second);
  assert.deepEqual([third.mark(), third.last()], [9, 10]);
  await append(third, ["last"]);
  assert.deepEqual((await readAll(await reopen(t, third))).ids, ["m000010", "last"]);
});

test("knows its mark also when it was killed while a segment was begun", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(10));
  spool.settle(6);
  await append(spool, ["last"]);
  for (const begun of [Buffer.alloc(0), encodeMarkRecord(6).subarray(0, 5)]) {
    writeFileSync(join(spool.dir, "0000000000000012.spool"), begun);
    const next = await reopen(t, spool);
    assert.deepEqual([next.mark(), next.last()], [6, 11]);
    await next.close();
  }
});

test("deletes each segment once all in it is settled, the last as well", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(40), largePayload);
  const [first] = segmentsOf(spool);
  spool.settle(11);
  await spool.tidy();
  assert.equal(segmentsOf(spool)[0], first);
  spool.settle(13);
  await spool.tidy();
  assert.equal(segmentsOf(spool).length, 3);
  assert.deepEqual((await readAll(spool)).ids, idsOf(27, 14));
  spool.settle(40);
  await spool.tidy();
  assert.deepEqual([segmentsOf(spool), spool.bytes()], [[], 0]);
  await append(spool, ["new"]);
  assert.deepEqual((await readAll(await reopen(t, spool))).ids, ["new"]);
});

test("keeps counting where the last process stopped, also when all of it was settled", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(5));
  const second = await reopen(t, spool);
  assert.equal(second.last(), 5);
  await append(second, ["a"]);
  second.settle(6);
  await second.tidy();
  await append(second, ["b"]);
  assert.equal(second.last(), 7);
  const third = await reopen(t, second);
  assert.deepEqual([third.mark(), third.last()], [6, 7]);
});

test("drops its oldest segment, and knows how far that reaches", async (t) => {
  const spool = await open(t, tempDir(t));
  assert.equal(spool.oldestThrough(), 0);
  await append(spool, idsOf(40), largePayload);
  assert.equal(spool.oldestThrough(), 12);
  await spool.dropOldest();
  assert.equal(spool.mark(), 12);
  assert.deepEqual((await readAll(spool)).ids, idsOf(28, 13));
  assert.deepEqual((await readAll(await reopen(t, spool))).ids, idsOf(28, 13));
});

test("can drop the segment that it writes to", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, ["a"]);
  await spool.dropOldest();
  await append(spool, ["b"]);
  assert.deepEqual(await readAll(spool), { ids: ["b"], torn: 0 });
});

test("says when it has room, and stays within its bound if it is asked", async (t) => {
  const spool = await open(t, tempDir(t));
  assert(spool.hasRoomFor(recordsOf(["a"], 1, 2 * megabyte)), "an empty one takes anything");
  for (let next = 1; next <= 300; next++) {
    const records = recordsOf([`m${next}`], spool.last() + 1, largePayload);
    while (!spool.hasRoomFor(records)) await spool.dropOldest();
    await spool.append(records);
    const onDisk = segmentsOf(spool).reduce((sum, path) => sum + statSync(path).size, 0);
    assert(onDisk <= megabyte, `${onDisk} bytes`);
  }
  assert(segmentsOf(spool).length >= 7, "and does not drop more than it must");
});

test("leaves alone what it did not write", async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "notes.txt"), "keep");
  writeFileSync(join(dir, "1.spool"), "keep");
  writeFileSync(join(dir, "lock.txt"), "keep");
  const spool = await open(t, dir);
  await append(spool, ["a"]);
  spool.settle(1);
  await spool.tidy();
  assert.deepEqual(
    readdirSync(dir).filter((name) => name !== "lock.1"),
    ["1.spool", "lock.txt", "notes.txt", "owner.json"],
  );
});
