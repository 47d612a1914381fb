import assert from "node:assert/strict";
import { readFileSync, statSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempDir } from "@sense-alerts/test-kit";
import { openSpool } from "../../../src/outbox/spool/spool.js";
import { idsOf } from "../outbox-to-memory.js";
import { recordsOf } from "./events.js";
import { append, largePayload, megabyte, newestOf, open, readAll, reopen, segmentsOf } from "./open-spool.js";

test("skips a torn end at every byte of it, counts it, and goes on behind it", async (t) => {
  const source = await open(t, tempDir(t));
  await append(source, idsOf(3));
  const bytes = readFileSync(newestOf(source));
  const name = newestOf(source).slice(source.dir.length);
  const [record] = recordsOf(["m000003"], 3);
  assert(record !== undefined);
  for (let cut = 1; cut <= record.length; cut++) {
    const dir = tempDir(t);
    writeFileSync(join(dir, name), bytes.subarray(0, bytes.length - cut));
    const spool = await openSpool(dir, megabyte, { instance: "ingest-1" });
    assert.equal(spool.tornAtOpen, cut === record.length ? 0 : 1, `cut by ${cut}`);
    await append(spool, ["new"]);
    assert.deepEqual(await readAll(spool), { ids: ["m000001", "m000002", "new"], torn: 0 });
    await spool.close();
    const next = await openSpool(dir, megabyte, { instance: "ingest-1" });
    assert.equal(next.tornAtOpen, 0, "it is counted once");
    assert.deepEqual(await readAll(next), { ids: ["m000001", "m000002", "new"], torn: 0 });
    await next.close();
  }
});

test("counts a newest event that is damaged also when a mark follows it", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(3));
  spool.settle(1);
  await spool.tidy();
  const bytes = readFileSync(newestOf(spool));
  bytes.write("?", bytes.indexOf("m000003"));
  writeFileSync(newestOf(spool), bytes);
  const next = await reopen(t, spool);
  assert.deepEqual([next.mark(), next.last(), next.tornAtOpen], [1, 2, 1]);
});

test("yields no wrong record and throws nothing, whichever byte of a segment is wrong", async (t) => {
  const source = await open(t, tempDir(t));
  await append(source, ["a", "b"]);
  source.settle(1);
  await append(source, ["c"]);
  const bytes = readFileSync(newestOf(source));
  const name = newestOf(source).slice(source.dir.length);
  const dir = tempDir(t);
  for (let at = 0; at < bytes.length; at++) {
    const wrong = Buffer.from(bytes);
    wrong.writeUInt8(wrong.readUInt8(at) ^ 0x10, at);
    writeFileSync(join(dir, name), wrong);
    const spool = await openSpool(dir, megabyte, { instance: "ingest-1" });
    const { ids, torn } = await readAll(spool, 0);
    const found = ids.join("");
    assert(["ab", "ac", "bc", "abc"].includes(found), `${found} with byte ${at} wrong`);
    assert.equal(ids.length + torn + spool.tornAtOpen, 3, `all are accounted for with byte ${at} wrong`);
    await spool.close();
  }
});

test("loses a damaged segment, counts exactly what was in it, and no other", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(40), largePayload);
  const [first, second, third] = segmentsOf(spool);
  assert(first !== undefined && second !== undefined && third !== undefined);
  truncateSync(first, 50);
  unlinkSync(second);
  const next = await reopen(t, spool);
  // The first ends now where the third begins.
  assert.deepEqual(await readAll(next), { ids: idsOf(16, 25), torn: 24 });
  writeFileSync(third, Buffer.alloc(statSync(third).size));
  assert.deepEqual(await readAll(await reopen(t, next)), { ids: idsOf(4, 37), torn: 36 });
});

test("loses a single damaged record in the middle of a segment, and counts it", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(40), largePayload);
  const [, second] = segmentsOf(spool);
  assert(second !== undefined);
  const bytes = readFileSync(second);
  bytes.writeUInt8(1, Math.floor(bytes.length / 2));
  writeFileSync(second, bytes);
  const { ids, torn } = await readAll(await reopen(t, spool));
  assert.deepEqual([ids.length, torn], [39, 1]);
});

test("opens when the newest segment is damaged from its first byte to its last", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(14), largePayload);
  writeFileSync(newestOf(spool), Buffer.alloc(20_000));
  const next = await reopen(t, spool);
  assert.deepEqual([next.tornAtOpen, next.last()], [1, 12]);
  await append(next, ["new"]);
  assert.deepEqual(await readAll(await reopen(t, next)), { ids: [...idsOf(12), "new"], torn: 0 });
});

test("gives no sequence twice when the newest events are damaged and the mark behind them is not", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(2));
  spool.settle(2);
  await append(spool, ["c"]);
  spool.settle(3);
  await append(spool, ["d"]);
  const path = newestOf(spool);
  const bytes = readFileSync(path);
  // The mark 3 stays, all events do not.
  for (const [record] of [
    recordsOf(["m000001"], 1),
    recordsOf(["m000002"], 2),
    recordsOf(["c"], 3),
    recordsOf(["d"], 4),
  ]) {
    assert(record !== undefined);
    bytes.fill(0, bytes.indexOf(record), bytes.indexOf(record) + record.length);
  }
  writeFileSync(path, bytes);
  const next = await reopen(t, spool);
  assert.deepEqual([next.mark(), next.last(), next.tornAtOpen], [3, 3, 1]);
  await append(next, ["e"]);
  assert.deepEqual((await readAll(await reopen(t, next))).ids, ["e"]);
});
