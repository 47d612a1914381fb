import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { errnoOf, SpoolError } from "./spool-error.js";

/** Where a process runs: containers on one machine share its boot, restarts of one container also the host name. */
type Machine = { readonly host: string; readonly boot: string };

export type OwnerOptions = {
  readonly instance: string;
  /** Called when the owner is on another machine and it has to be seen whether it lives. */
  readonly onWaiting?: (owner: string, waitMs: number) => void;
  readonly signal?: AbortSignal;
  /** This machine, if left out. */
  readonly machine?: Machine;
  /**
   * How often the owner renews the time of its file, and after how long without that it counts as dead; 2 s and 10 s if
   * left out.
   */
  readonly renewEveryMs?: number;
  readonly staleAfterMs?: number;
};

/**
 * Of a directory that hosts may share. A lock of the file system is not enough: a Unix socket answers on its own host
 * only.
 */
export type Owner = {
  /**
   * Writes down that the directory belongs to this process. Rejects with a SpoolError `in-use` when another was
   * quicker.
   */
  claim(): Promise<void>;
  /**
   * Rejects with a SpoolError `in-use` once another has taken over: this process was frozen or cut off from the volume.
   */
  check(): Promise<void>;
  /** Gives the directory to whoever comes next, without a wait. */
  release(): Promise<void>;
};

type Identity = Machine & { readonly instance: string; readonly token: string };
type Seen = { readonly text: string; readonly renewedMs: number; readonly identity: Identity | undefined };

const fileName = "owner.json";
const fileMode = 0o600;
/** What a full disk says: the file is empty then, and its time is renewed all the same. */
const noRoom = ["ENOSPC", "EDQUOT"];

/**
 * Waits until no process of another machine owns the directory: the file of an owner that died is not renewed for
 * `staleAfterMs`. Clocks are not compared, so they may differ. Rejects with a SpoolError `in-use` as soon as the file
 * is renewed.
 */
export async function awaitOwnerless(dir: string, options: OwnerOptions): Promise<Owner> {
  const { renewEveryMs = 2_000, staleAfterMs = 10_000, signal } = options;
  const path = join(dir, fileName);
  const machine = options.machine ?? (await thisMachine());
  const me: Identity = { ...machine, instance: options.instance, token: randomUUID() };
  let timer: NodeJS.Timeout | undefined;
  let verifiedAtMs = 0;
  let successor: Seen | undefined;

  const isElsewhere = ({ identity }: Seen) => identity?.host !== me.host || identity.boot !== me.boot;
  const isMine = ({ text, identity }: Seen) => text === "" || identity?.token === me.token;

  async function waitForSilence(): Promise<void> {
    const owner = await look(path);
    if (owner === undefined || !isElsewhere(owner)) return;
    options.onWaiting?.(nameOf(owner), staleAfterMs);
    for (const untilMs = performance.now() + staleAfterMs; performance.now() < untilMs; ) {
      await delay(Math.min(renewEveryMs, staleAfterMs) / 4, undefined, { signal });
      const now = await look(path);
      if (now === undefined) return;
      if (now.text !== owner.text || now.renewedMs !== owner.renewedMs) throw inUse(dir, now);
    }
  }

  async function claim(): Promise<void> {
    const previous = await look(path);
    const newPath = `${path}.${me.token}`;
    await writeFile(newPath, JSON.stringify(me), { mode: fileMode }).catch(ignoring(noRoom));
    await rename(newPath, path).catch(ignoring(["ENOENT"])); // so full a disk has not even room for a name
    // Of several that have waited for the same owner the last one to rename has it.
    if (previous !== undefined && isElsewhere(previous)) await delay(renewEveryMs / 2, undefined, { signal });
    await renew();
    if (successor !== undefined) throw inUse(dir, successor);
    timer = setInterval(() => void renew().catch(() => undefined), renewEveryMs).unref();
  }

  /** Rejects when it cannot be seen whose the directory is. */
  async function renew(): Promise<void> {
    const seen = await look(path);
    if (seen !== undefined && !isMine(seen)) {
      successor = seen;
      clearInterval(timer);
      return;
    }
    verifiedAtMs = Date.now();
    // Who cannot renew is noticed by the others, and notices them.
    if (seen === undefined || seen.text === "")
      await writeFile(path, JSON.stringify(me), { mode: fileMode }).catch(() => undefined);
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
  }

  await waitForSilence();
  return {
    claim,
    check: async () => {
      if (successor === undefined && Math.abs(Date.now() - verifiedAtMs) > staleAfterMs / 2) await renew();
      if (successor !== undefined) throw inUse(dir, successor);
    },
    release: async () => {
      clearInterval(timer);
      const seen = await look(path).catch(() => undefined);
      if (seen !== undefined && isMine(seen)) await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

/** Opened for each look: over NFS what another host has written is seen then. */
async function look(path: string): Promise<Seen | undefined> {
  try {
    const file = await open(path, "r");
    try {
      const text = await file.readFile("utf8");
      return { text, renewedMs: (await file.stat()).mtimeMs, identity: identityOf(text) };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function identityOf(text: string): Identity | undefined {
  try {
    const { host, boot, instance, token } = JSON.parse(text);
    return { host, boot, instance, token };
  } catch {
    return undefined; // it is being written, or the disk was full
  }
}

async function thisMachine(): Promise<Machine> {
  // Linux has it; elsewhere the host name has to do.
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
  return { host: hostname(), boot: boot.trim() };
}

function nameOf({ identity }: Seen): string {
  return identity === undefined ? "another host" : `${identity.instance} on host ${identity.host}`;
}

function inUse(dir: string, owner: Seen): SpoolError {
  return new SpoolError("in-use", dir, `is in use by ${nameOf(owner)}; each udp-ingest needs a directory of its own`);
}

function ignoring(codes: readonly string[]) {
  return (error: unknown) => {
    if (!codes.includes(errnoOf(error))) throw error;
  };
}
