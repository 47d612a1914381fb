import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { cleanUpAfter, eventually, tempDir } from "@sense-alerts/test-kit";
import fc from "fast-check";
import { openSpool } from "../../../src/outbox/spool/spool.js";
import { idsOf } from "../outbox-to-memory.js";
import { recordsOf } from "./events.js";
import { forgetfulDisk } from "./forgetful-disk.js";
import { append, largePayload, megabyte, open, readAll, reopen, segmentsOf } from "./open-spool.js";
import { spooledToMemory } from "./spooled-to-memory.js";

const lost = { code: "EIO", syscall: "fsync" };

test("writes again what was written since the last good sync when a sync fails", async (t) => {
  const disk = await forgetfulDisk(t);
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(2));
  await spool.sync();
  await append(spool, idsOf(2, 3));
  disk.failSyncs(1);
  await assert.rejects(spool.sync(), lost);
  assert.deepEqual([spool.mustRewrite(), spool.needsSync(), spool.isSynced()], [true, false, false]);
  await assert.rejects(spool.sync(), lost, "another sync would succeed, though the bytes are gone");
  await append(spool, ["m000005"]);
  assert.deepEqual([spool.mustRewrite(), spool.needsSync()], [false, true]);
  assert.deepEqual(await readAll(spool), { ids: idsOf(5), torn: 0 });
  await spool.sync();
  assert.deepEqual([spool.isSynced(), spool.unsyncedBytes()], [true, 0]);
  const next = await reopen(t, spool);
  assert.deepEqual([await readAll(next), next.tornAtOpen], [{ ids: idsOf(5), torn: 0 }, 0]);
});

test("writes a segment again of which nothing was synced, and those behind it", async (t) => {
  const disk = await forgetfulDisk(t);
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(30), largePayload);
  const bytes = spool.bytes();
  for (const failures of [1, 3]) {
    disk.failSyncs(failures);
    for (let failed = 0; failed < failures; failed++) {
      await assert.rejects(spool.sync(), lost);
      await spool.append([]);
    }
    assert.deepEqual(await readAll(spool), { ids: idsOf(30), torn: 0 });
  }
  assert(spool.bytes() <= bytes + 100, "no event is on disk twice");
  await spool.sync();
  const next = await reopen(t, spool);
  assert.deepEqual(await readAll(next), { ids: idsOf(30), torn: 0 });
  assert.deepEqual(
    readdirSync(next.dir).filter((name) => name.endsWith(".new")),
    [],
  );
});

test("has no need to write again what was settled meanwhile", async (t) => {
  const disk = await forgetfulDisk(t);
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(4));
  disk.failSyncs(1);
  await assert.rejects(spool.sync(), lost);
  spool.settle(4);
  await spool.tidy();
  assert.deepEqual([segmentsOf(spool), spool.mustRewrite()], [[], false]);
  await spool.sync();
  assert(spool.isSynced());
});

test("trusts the disk with what it has given up the copy of", async (t) => {
  const spool = await open(t, tempDir(t));
  await append(spool, idsOf(3));
  assert.equal(spool.forgetUnsynced(), true);
  assert.deepEqual([spool.forgetUnsynced(), spool.forgetUnsynced(), spool.forgetUnsynced()], [true, true, false]);
  assert.deepEqual([spool.unsyncedBytes(), spool.isSynced()], [0, false]);
  await spool.sync();
  assert.deepEqual([spool.isSynced(), await readAll(spool)], [true, { ids: idsOf(3), torn: 0 }]);
});

type Step =
  | { readonly do: "append"; readonly count: number; readonly payloadBytes: number }
  | { readonly do: "settle"; readonly count: number }
  | { readonly do: "sync" | "fail to sync" | "tidy" | "rewrite" | "stop" };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("append" as const),
        count: fc.integer({ min: 1, max: 9 }),
        payloadBytes: fc.constantFrom(10, largePayload, 50_000),
      }),
    },
    fc.record({ do: fc.constant("settle" as const), count: fc.nat({ max: 12 }) }),
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constantFrom("sync", "fail to sync", "fail to sync", "tidy", "rewrite", "stop") }),
    },
  ),
  { maxLength: 30 },
);

test("loses no event, whenever syncs fail, and keeps the order", async (t) => {
  const disk = await forgetfulDisk(t);
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      const dir = tempDir(t);
      let spool = await openSpool(dir, 8 * megabyte, { instance: "ingest-1" });
      cleanUpAfter(t, () => spool.close());
      for (const step of given) {
        if (step.do === "append") {
          const ids = idsOf(step.count, spool.last() + 1);
          await spool.append(recordsOf(ids, spool.last() + 1, step.payloadBytes));
        }
        if (step.do === "settle") spool.settle(Math.min(spool.last(), spool.mark() + step.count));
        if (step.do === "tidy") await spool.tidy();
        if (step.do === "rewrite") await spool.append([]);
        if (step.do === "sync" && spool.needsSync()) await spool.sync();
        if (step.do === "fail to sync" && spool.needsSync()) {
          disk.failSyncs(1);
          await spool.sync().catch(() => undefined);
          disk.failSyncs(0);
        }
        if (step.do === "stop") {
          await spool.append([]);
          await spool.tidy();
          await spool.close();
          spool = await openSpool(dir, 8 * megabyte, { instance: "ingest-1" });
        }
        if (!spool.mustRewrite()) {
          const all = idsOf(spool.last() - spool.mark(), spool.mark() + 1);
          assert.deepEqual(await readAll(spool), { ids: all, torn: 0 });
        }
      }
      await spool.close();
    }),
    { numRuns: 100 },
  );
});

test("an outbox whose disk fails to sync has all of it on disk in the end, and sends it", async (t) => {
  const disk = await forgetfulDisk(t);
  const memory = await spooledToMemory(t, { maxEvents: 20 });
  memory.stream.breakOff();
  for (let first = 1; first < 200; first += 20) {
    if (first % 3 === 0) disk.failSyncs(1);
    await memory.addWithPauses(idsOf(20, first));
    await memory.spooled(first + 19);
  }
  await eventually(() => assert(memory.spool.isSynced()));
  assert(memory.diskErrors.length > 0);
  assert(memory.recoveries() > 0);
  const next = await memory.kill();
  next.stream.flow();
  await next.empty();
  assert.deepEqual([next.stream.stored, next.torn], [idsOf(200), []]);
});

test("an outbox gives up copies for a failed sync before it drops an event", async (t) => {
  let goOn = () => {};
  const slow = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  cleanUpAfter(t, goOn);
  const memory = await spooledToMemory(t, { maxBytes: 100_000, beforeSync: () => slow });
  memory.stream.breakOff();
  await memory.addWithPauses(idsOf(60), 10_000);
  await memory.spooled(60);
  assert.equal(memory.outbox.size().events, 60);
  assert(memory.outbox.hasRoomFor(0, 0) && memory.spool.unsyncedBytes() < 100_000);
  goOn();
});
