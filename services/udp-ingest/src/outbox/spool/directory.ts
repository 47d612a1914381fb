import { access, constants, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, SpoolError } from "./spool-error.js";

/** Only the user of this process has anything to do with what is in a spool. */
const dirMode = 0o700;

/**
 * Makes the directory if it is not there and sees that it can be read and written to. Rejects with a SpoolError that
 * says what to do.
 */
export async function prepareDirectory(dir: string): Promise<void> {
  try {
    await makeDirectory(dir);
    await access(dir, constants.R_OK);
    await tryToWrite(dir);
  } catch (error) {
    const code = errnoOf(error);
    throw new SpoolError("unusable", dir, `${problemOf(code)} (${code})`, error);
  }
}

/** Nothing else tells: a file system may be read-only, and to root any mode seems to allow it. */
async function tryToWrite(dir: string): Promise<void> {
  const probe = join(dir, "probe");
  try {
    await writeFile(probe, "");
    await rm(probe);
  } catch (error) {
    // A full disk is no wrong setting: the service has to start, and goes on in memory.
    if (!["ENOSPC", "EDQUOT"].includes(errnoOf(error))) throw error;
  }
}

/**
 * Makes the directory if it is not there. Not `mkdir` with `recursive`: under /proc, or behind a symbolic link that
 * leads nowhere, that never ends.
 */
export async function makeDirectory(dir: string): Promise<void> {
  try {
    await mkdir(dir, dirMode);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "EEXIST" && (await stat(dir)).isDirectory()) return;
    if (code !== "ENOENT") throw error;
    await makeDirectory(dirname(dir));
    await mkdir(dir, dirMode);
  }
}

function problemOf(code: string): string {
  const user = `user id ${process.geteuid?.() ?? "of this process"}`;
  if (code === "EEXIST" || code === "ENOTDIR") return "is not a directory, nor can it become one: a file is in its way";
  if (code === "EACCES" || code === "EPERM") {
    return `must be a directory that ${user} may read and write; make it, and give it to that user: chown ${process.geteuid?.() ?? "…"}`;
  }
  if (code === "EROFS") return "is on a file system that is read-only; mount a writable volume there";
  return "cannot be used as a directory";
}
