import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { cleanUpAfter, tempDir } from "@sense-alerts/test-kit";
import { prepareDirectory } from "../../../src/outbox/spool/directory.js";
import { openSpool } from "../../../src/outbox/spool/spool.js";
import { smallDisk } from "./small-disk.js";

const nobody = 65_534;

/** Lets root be a user like any other until the test ends. */
function asOrdinaryUser(t: TestContext): number {
  const userId = process.geteuid?.() ?? -1;
  if (userId !== 0) return userId;
  process.seteuid?.(nobody);
  cleanUpAfter(t, () => process.seteuid?.(0));
  return nobody;
}

const refusal = (dir: string, message: RegExp) => (error: Error & { code?: string; dir?: string }) => {
  assert.equal(error.name, "SpoolError");
  assert.deepEqual([error.code, error.dir], ["unusable", dir]);
  assert(error.message.startsWith(`SPOOL_DIR: ${dir} `), error.message);
  assert.match(error.message, message);
  return true;
};

test("makes the directory, and leaves nothing in it", async (t) => {
  const dir = join(tempDir(t), "a", "b");
  await prepareDirectory(dir);
  await prepareDirectory(dir);
  assert.deepEqual(readdirSync(dir), []);
});

test("refuses a file, and a path that leads through one", async (t) => {
  const file = join(tempDir(t), "file");
  writeFileSync(file, "");
  for (const dir of [file, join(file, "spool")]) {
    await assert.rejects(prepareDirectory(dir), refusal(dir, /is not a directory.* \((EEXIST|ENOTDIR)\)$/));
  }
});

test("refuses a directory that it may not write to, or not make, and says to whom to give it", async (t) => {
  const parent = tempDir(t);
  chmodSync(parent, 0o755);
  const dir = join(parent, "spool");
  mkdirSync(dir, { mode: 0o555 });
  const userId = asOrdinaryUser(t);
  const help = new RegExp(`that user id ${userId} may read and write; .*chown ${userId} \\(EACCES\\)$`);
  await assert.rejects(prepareDirectory(dir), refusal(dir, help));
  if (userId !== nobody) chmodSync(parent, 0o555);
  const missing = join(parent, "missing");
  await assert.rejects(prepareDirectory(missing), refusal(missing, help));
});

test("refuses a spool that another user has written", async (t) => {
  const dir = tempDir(t);
  chmodSync(dir, 0o777);
  writeFileSync(join(dir, "0000000000000001.spool"), "", { mode: 0o000 });
  asOrdinaryUser(t);
  await assert.rejects(openSpool(dir, 1_048_576, { instance: "ingest-1" }), refusal(dir, /cannot be read \(EACCES\)/));
  assert(!existsSync(join(dir, "lock.1")), "and lets the lock go");
});

test("refuses a file system that is read-only, and not one that is full", async (t) => {
  const disk = smallDisk(t);
  if (disk === undefined) return t.skip("may not mount a file system");
  const dir = join(disk.dir, "spool");
  assert.throws(() => writeFileSync(join(disk.dir, "filler"), Buffer.alloc(2_097_152)), { code: "ENOSPC" });
  await prepareDirectory(dir);
  disk.makeReadOnly();
  await assert.rejects(prepareDirectory(dir), refusal(dir, /is read-only; mount a writable volume there \(EROFS\)$/));
});

test("refuses what no directory can be made in", async (t) => {
  const link = join(tempDir(t), "link");
  symlinkSync(join(link, "..", "nowhere"), link);
  for (const dir of ["/proc/spool", link, join(link, "spool")]) {
    await assert.rejects(prepareDirectory(dir), refusal(dir, /\((ENOENT|EACCES|EPERM|EROFS)\)$/));
  }
});
