import { execFileSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUpAfter, type Scope, tempDir } from "@sense-alerts/test-kit";

export interface LoopDisk {
  /** Where the file system is mounted. */
  readonly dir: string;
  /**
   * The disk as a power cut leaves it at this instant, mounted elsewhere. What programs wrote and nobody synced is in
   * the page cache of the mounted file system only, not in the image, and so not in the copy. Mounting it replays the
   * journal, as after a power cut.
   */
  copyAfterPowerCut(): LoopDisk;
}

/**
 * More than the 1.4 GB that the default stream of 1 GiB asks for. The image is sparse: it takes what is written to it.
 */
const bytes = 3 * 2 ** 30;

/**
 * An ext4 file system in an image file, until the scope ends; gives the reason where this process may not mount one.
 */
export function loopDisk(t: Scope): LoopDisk | string {
  const scratch = tempDir(t);
  const image = join(scratch, "disk.img");
  try {
    writeFileSync(image, "");
    truncateSync(image, bytes);
    execFileSync("mkfs.ext4", ["-q", "-F", image], { stdio: "pipe" });
    return mount(t, scratch, image);
  } catch (error) {
    return `an ext4 image cannot be mounted here: ${error instanceof Error ? error.message : error}`;
  }
}

function mount(t: Scope, scratch: string, image: string): LoopDisk {
  const dir = `${image}.mounted`;
  mkdirSync(dir);
  execFileSync("mount", ["-o", "loop", image, dir], { stdio: "pipe" });
  cleanUpAfter(t, () => void execFileSync("umount", ["-l", dir]));
  return {
    dir,
    copyAfterPowerCut() {
      const copy = join(scratch, "copy.img");
      execFileSync("cp", ["--sparse=always", image, copy]);
      return mount(t, scratch, copy);
    },
  };
}
