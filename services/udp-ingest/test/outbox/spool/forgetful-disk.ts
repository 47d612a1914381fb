import { fstatSync, ftruncateSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { TestContext } from "node:test";
import { tempDir } from "@sense-alerts/test-kit";

export type ForgetfulDisk = {
  /** The next so many syncs of files fail, and what was written since the last good one is gone. */
  failSyncs(count: number): void;
};

/**
 * What Linux does when a disk fails below its cache: the sync fails once, the bytes are zeros, and the next sync
 * succeeds.
 */
export async function forgetfulDisk(t: TestContext): Promise<ForgetfulDisk> {
  const probe = await open(tempDir(t), "r");
  const prototype: FileHandle = Object.getPrototypeOf(probe);
  const sync = prototype.sync;
  await probe.close();
  const synced = new Map<number, number>();
  let failures = 0;
  t.mock.method(prototype, "sync", async function (this: FileHandle) {
    const { ino, size, isDirectory } = statOf(this);
    if (isDirectory) return sync.call(this);
    if (failures === 0) {
      await sync.call(this);
      synced.set(ino, size);
      return undefined;
    }
    failures--;
    ftruncateSync(this.fd, synced.get(ino) ?? 0);
    ftruncateSync(this.fd, size);
    throw Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO", syscall: "fsync" });
  });
  return {
    failSyncs: (count) => {
      failures = count;
    },
  };
}

function statOf({ fd }: FileHandle) {
  const stats = fstatSync(fd);
  return { ino: stats.ino, size: stats.size, isDirectory: stats.isDirectory() };
}
