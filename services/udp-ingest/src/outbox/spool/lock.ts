import { createHash } from "node:crypto";
import { readdir, realpath, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { errnoOf, SpoolError } from "./spool-error.js";

export type DirectoryLock = { release(): Promise<void> };

/** The path of a Unix socket has 108 bytes on Linux, 104 on macOS, the closing NUL among them. */
const longestSocketPathBytes = 100;

/**
 * Locks a directory for this process, for as long as it lives or until released: no lock outlives its process. The lock
 * is a Unix socket in the directory, so it holds between containers on one host as well; where the path is too long or
 * the file system takes no sockets, one in the temporary folder. Rejects with a SpoolError `in-use`.
 */
export async function lockDirectory(dir: string): Promise<DirectoryLock> {
  const inside = join(dir, "lock");
  if (Buffer.byteLength(numbered(inside, 999_999)) <= longestSocketPathBytes) {
    const lock = await lockAt(inside, dir);
    if (lock !== undefined) return lock;
  }
  const hash = createHash("sha256").update(await realpath(dir));
  const lock = await lockAt(join(tmpdir(), `udp-ingest-spool-${hash.digest("hex").slice(0, 32)}`), dir);
  if (lock === undefined) throw new SpoolError("unusable", dir, "cannot be locked: it takes no Unix socket");
  return lock;
}

/**
 * Listens at the number behind the newest there is, which a killed process has left. To delete that first would be to
 * delete, now and then, the lock of someone who has just done the same. Resolves to undefined where no socket can be.
 */
async function lockAt(path: string, dir: string): Promise<DirectoryLock | undefined> {
  for (;;) {
    const stale = await numbersAt(path);
    const newest = Math.max(0, ...stale);
    if (newest > 0 && (await isAnswered(numbered(path, newest)))) {
      throw new SpoolError("in-use", dir, "is in use by another udp-ingest; each needs a directory of its own");
    }
    const outcome = await listenAt(numbered(path, newest + 1));
    if (outcome === "EADDRINUSE") continue; // somebody was quicker
    if (typeof outcome === "string") return undefined;
    if ((await numbersAt(path)).some((number) => number > newest + 1)) {
      await outcome.release(); // somebody had been quicker still, and deleted that number
      continue;
    }
    for (const number of stale) await rm(numbered(path, number), { force: true });
    return outcome;
  }
}

function numbered(path: string, number: number): string {
  return `${path}.${number}`;
}

async function numbersAt(path: string): Promise<number[]> {
  const numbers: number[] = [];
  for (const name of await readdir(dirname(path))) {
    const number = Number(name.split(".").at(-1));
    if (numbered(basename(path), number) === name) numbers.push(number);
  }
  return numbers;
}

function listenAt(path: string): Promise<DirectoryLock | string> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.on("error", (error) => resolve(errnoOf(error)));
    server.listen(path, () => {
      server.unref();
      resolve({ release: () => new Promise((released) => server.close(() => released())) });
    });
  });
}

/** Anything but a refusal is an answer: a process that may not be asked is one all the same. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => resolve(!["ECONNREFUSED", "ENOENT"].includes(errnoOf(error))));
  });
}
