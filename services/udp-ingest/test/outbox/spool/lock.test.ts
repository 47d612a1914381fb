import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cleanUpAfter, type Scope, tempDir } from "@sense-alerts/test-kit";
import { type DirectoryLock, lockDirectory } from "../../../src/outbox/spool/lock.js";

async function lock(t: Scope, dir: string): Promise<DirectoryLock> {
  const held = await lockDirectory(dir);
  cleanUpAfter(t, held.release);
  return held;
}

const inUse = { name: "SpoolError", code: "in-use", message: /^SPOOL_DIR: .* is in use by another udp-ingest/ };

test("lets nobody else have the directory until it is released", async (t) => {
  const dir = tempDir(t);
  const held = await lockDirectory(dir);
  await assert.rejects(lockDirectory(dir), inUse);
  await assert.rejects(lockDirectory(dir), inUse);
  await held.release();
  await lock(t, dir);
  await assert.rejects(lockDirectory(dir), inUse);
});

test("lets one of many have it that come at once", async (t) => {
  const dir = tempDir(t);
  leaveStaleLock(dir);
  for (let round = 0; round < 20; round++) {
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lockDirectory(dir)));
    const [held, ...more] = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    assert(held !== undefined);
    assert.deepEqual(more, []);
    await held.release();
    leaveStaleLock(dir);
  }
});

test("takes over from a process that was killed", async (t) => {
  const dir = tempDir(t);
  leaveStaleLock(dir);
  assert(existsSync(join(dir, "lock.1")));
  await lock(t, dir);
  assert.deepEqual(readdirSync(dir), ["lock.2"]);
});

test("takes over from a file that is no lock at all", async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "lock.1"), "");
  await lock(t, dir);
});

test("locks a directory with a path too long for a socket, by whichever name", async (t) => {
  const parent = tempDir(t);
  const dir = join(parent, "long".repeat(30));
  mkdirSync(dir);
  const link = join(parent, "short");
  symlinkSync(dir, link);
  const alias = join(link, "..", "long".repeat(30));
  const held = await lockDirectory(dir);
  assert(!existsSync(join(dir, "lock.1")));
  await assert.rejects(lockDirectory(alias), inUse);
  await held.release();
  await lock(t, dir);
});

/** As a process leaves it that holds the lock and is killed. */
function leaveStaleLock(dir: string): void {
  const code = `require("node:net").createServer().listen(${JSON.stringify(join(dir, "lock.1"))}, () => process.kill(process.pid, "SIGKILL"))`;
  assert.equal(spawnSync(process.execPath, ["-e", code]).signal, "SIGKILL");
}
