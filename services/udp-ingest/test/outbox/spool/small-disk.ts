import { execFileSync } from "node:child_process";
import { cleanUpAfter, type Scope, tempDir } from "@sense-alerts/test-kit";

export type SmallDisk = { readonly dir: string; makeReadOnly(): void };

/** A file system of its own with 1 MiB, until the scope ends; undefined where this process may not mount one. */
export function smallDisk(t: Scope): SmallDisk | undefined {
  const dir = tempDir(t);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", dir], { stdio: "pipe" });
  } catch {
    return undefined;
  }
  cleanUpAfter(t, () => void execFileSync("umount", ["-l", dir]));
  return { dir, makeReadOnly: () => void execFileSync("mount", ["-o", "remount,ro", dir]) };
}
