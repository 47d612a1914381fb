import assert from "node:assert/strict";
import { readFileSync, rmSync, statSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempDir } from "@sense-alerts/test-kit";
import { idsOf } from "../outbox-to-memory.js";
import { recordsOf } from "./events.js";
import { lose } from "./lose.js";
import { append, largePayload, megabyte, newestOf, open, readAll, reopen, segmentsOf } from "./open-spool.js";
import { smallDisk } from "./small-disk.js";

test("rejects while its directory is away, has nothing half done, and goes on when it is back", async (t) => {
  const dir = join(tempDir(t), "spool");
  const spool = await open(t, dir);
  const bringBack = lose(dir);
  for (let tries = 0; tries < 3; tries++) await assert.rejects(append(spool, ["a"]), { code: "ENOTDIR" });
  assert.deepEqual([spool.last(), spool.bytes()], [0, 0]);
  bringBack();
  await append(spool, idsOf(3));
  const bringBackAgain = lose(dir);
  spool.settle(3);
  await assert.rejects(spool.read(0, { maxEvents: 1, maxBytes: 1 }), { code: "ENOTDIR" });
  bringBackAgain();
  assert.deepEqual(await readAll(spool, 0), { ids: idsOf(3), torn: 0 });
  await spool.tidy();
  assert.deepEqual(segmentsOf(spool), []);
});

test("is not synced before a sync has succeeded", async (t) => {
  const dir = join(tempDir(t), "spool");
  const spool = await open(t, dir);
  assert(spool.isSynced());
  await append(spool, ["a"]);
  assert(!spool.isSynced());
  const bringBack = lose(dir);
  await assert.rejects(spool.sync(), { code: "ENOTDIR" });
  assert(!spool.isSynced());
  bringBack();
  await spool.sync();
  assert(spool.isSynced());
  spool.settle(1);
  await append(spool, ["b"]);
  const syncing = spool.sync();
  await append(spool, ["c"]);
  await syncing;
  assert(!spool.isSynced(), "what is appended meanwhile may have come too late");
});

test("syncs what is there when segments are gone by then", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(20), largePayload);
  spool.settle(13);
  await spool.tidy();
  await spool.sync();
  assert(spool.isSynced());
});

test("gives a segment up at the 60th failure in a row, and reads the next", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(20), largePayload);
  const [first] = segmentsOf(spool);
  assert(first !== undefined);
  const read = (after: number) => spool.read(after, { maxEvents: 2, maxBytes: megabyte });
  const fail = async (after: number, times: number) => {
    for (let done = 0; done < times; done++) await assert.rejects(read(after), { code: "EISDIR" });
  };
  const bringBack = lose(first);
  await fail(5, 59);
  bringBack();
  assert.equal((await read(5)).through, 7);
  lose(first);
  await fail(7, 59);
  assert.deepEqual(await read(7), { events: [], through: 12, torn: 5 });
  assert.deepEqual((await readAll(spool, 12)).ids, idsOf(8, 13));
});

test("gives a segment up at once that somebody has deleted", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(20), largePayload);
  unlinkSync(segmentsOf(spool)[0] ?? "");
  assert.deepEqual(await readAll(spool, 5), { ids: idsOf(8, 13), torn: 7 });
});

test("writes no event to a file that somebody has deleted, and makes the directory again", async (t) => {
  const dir = join(tempDir(t), "spool");
  const spool = await open(t, dir);
  await append(spool, idsOf(3));
  rmSync(dir, { recursive: true });
  await assert.rejects(append(spool, ["m000004"]), { name: "SpoolError", code: "unusable" });
  assert.equal(spool.last(), 3);
  await append(spool, idsOf(2, 4));
  assert.deepEqual(await readAll(await reopen(t, spool)), { ids: idsOf(2, 4), torn: 0 });
});

test("rejects while the disk is full, has nothing half done, and goes on when there is room again", async (t) => {
  const disk = smallDisk(t);
  if (disk === undefined) return t.skip("may not mount a file system");
  const spool = await open(t, join(disk.dir, "spool"), 64 * megabyte);
  const filler = join(disk.dir, "filler");
  await append(spool, ["a"]);
  assert.throws(() => writeFileSync(filler, Buffer.alloc(2 * megabyte)), { code: "ENOSPC" });
  for (let tries = 0; tries < 3; tries++) {
    truncateSync(filler, statSync(filler).size - 4_096); // room for half a record
    await assert.rejects(append(spool, ["b", "c"], largePayload), { code: "ENOSPC" });
  }
  assert.deepEqual([spool.last(), await readAll(spool)], [1, { ids: ["a"], torn: 0 }]);
  rmSync(filler);
  await append(spool, ["b"], largePayload);
  assert.deepEqual(await readAll(spool), { ids: ["a", "b"], torn: 0 });
  assert.deepEqual(await readAll(await reopen(t, spool, 64 * megabyte)), { ids: ["a", "b"], torn: 0 });
});

test("takes what is on disk after a write that failed for nothing, when it was written again", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(3));
  const path = newestOf(spool);
  const whole = readFileSync(path);
  const next = await reopen(t, spool);
  await append(next, idsOf(3, 4));
  // As if the first of these had reached the older segment, whole, before the disk failed.
  writeFileSync(path, Buffer.concat([whole, ...recordsOf(["m000004"], 4)]));
  assert.deepEqual(await readAll(await reopen(t, next)), { ids: idsOf(6), torn: 0 });
});
