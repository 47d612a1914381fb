import { createDiskJobs, type DiskJob } from "./disk-jobs.js";
import type { Spool } from "./spool.js";

export type SpoolJobsOptions = {
  readonly spool: Spool;
  readonly writing: DiskJob;
  readonly refilling: DiskJob;
  /** How often it is written down up to where all is settled; 100 if left out. */
  readonly markEveryMs?: number;
  readonly onDiskError: (error: unknown) => void;
  readonly onDiskRecovered: () => void;
};

export type SpoolJobs = {
  /** To be called when something may have become due earlier. */
  look(): void;
  /** Whether writing fails or has taken so long that it counts as failed. */
  isTroubled(): boolean;
  /** Writes whatever is not written, due or not, and syncs it. Nothing runs afterwards. */
  flush(): Promise<void>;
};

/**
 * Runs what an outbox does with its spool: writing, deleting, reading back; and syncing beside it, for a disk may take
 * its time over that.
 */
export function createSpoolJobs(options: SpoolJobsOptions): SpoolJobs {
  const { spool, markEveryMs = 100, onDiskError: onError, onDiskRecovered: onRecovered } = options;
  let tidied = { mark: -1, atMs: 0 };

  const writing: DiskJob = {
    dueAtMs: () => (spool.mustRewrite() ? 0 : options.writing.dueAtMs()),
    run: async () => {
      await options.writing.run();
      syncs.look();
    },
  };
  const tidying: DiskJob = {
    dueAtMs: () => (spool.mark() > tidied.mark ? tidied.atMs + markEveryMs : Number.POSITIVE_INFINITY),
    run: async () => {
      const mark = spool.mark();
      await spool.tidy();
      tidied = { mark, atMs: performance.now() };
    },
  };
  const syncing: DiskJob = {
    dueAtMs: () => (spool.needsSync() ? 0 : Number.POSITIVE_INFINITY),
    run: async () => {
      try {
        await spool.sync();
      } finally {
        jobs.look(); // what the disk may have lost has to be written again
      }
    },
  };
  // Refilling last: during a long replay there is always something to read.
  const jobs = createDiskJobs({ jobs: [writing, tidying, options.refilling], onError, onRecovered });
  const syncs = createDiskJobs({ jobs: [syncing], onError, onRecovered });

  async function write(): Promise<boolean> {
    while (writing.dueAtMs() < Number.POSITIVE_INFINITY) if (!(await jobs.runNow(writing))) return false;
    return true;
  }

  return {
    look: jobs.look,
    isTroubled: () => jobs.isTroubled(writing),
    flush: async () => {
      await jobs.stop();
      await write();
      await jobs.runNow(tidying);
      await syncs.stop();
      if (spool.needsSync() && !(await syncs.runNow(syncing)) && (await write())) await syncs.runNow(syncing);
    },
  };
}
