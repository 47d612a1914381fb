export type DiskJob = {
  /** When it should run next, on the clock of `performance.now()`; Infinity while there is nothing to do. */
  dueAtMs(): number;
  run(): Promise<void>;
};

export type DiskJobsOptions = {
  /** The first of those that are due runs. */
  readonly jobs: readonly DiskJob[];
  readonly onError: (error: unknown) => void;
  /** Called when a job succeeds that failed before. */
  readonly onRecovered: () => void;
};

export type DiskJobs = {
  /** Has a look at what is due: to be called when that may have become earlier. */
  look(): void;
  /** Whether the job failed the last time, or has been running for so long that it is as good as failed. */
  isTroubled(job: DiskJob): boolean;
  /** Starts no further job of its own; resolves when none runs any more. */
  stop(): Promise<void>;
  /** Runs a job now, after `stop()`. Resolves to whether it succeeded. */
  runNow(job: DiskJob): Promise<boolean>;
};

const retryAfterMs = 1_000;
const hungAfterMs = 5_000;

/**
 * Runs jobs when they are due, one at a time so that they never overlap. One that fails is tried again a second later,
 * without end.
 */
export function createDiskJobs({ jobs, onError, onRecovered }: DiskJobsOptions): DiskJobs {
  const retryAtMs = new Map<DiskJob, number>();
  let running: { readonly job: DiskJob; readonly sinceMs: number } | undefined;
  let working: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let timerAtMs = Number.POSITIVE_INFINITY;
  let isStopped = false;

  const dueAtMs = (job: DiskJob) => Math.max(job.dueAtMs(), retryAtMs.get(job) ?? 0);

  async function run(job: DiskJob): Promise<boolean> {
    running = { job, sinceMs: performance.now() };
    try {
      await job.run();
      if (retryAtMs.delete(job)) onRecovered();
      return true;
    } catch (error) {
      retryAtMs.set(job, performance.now() + retryAfterMs);
      onError(error);
      return false;
    } finally {
      running = undefined;
    }
  }

  async function workOff(): Promise<void> {
    while (!isStopped) {
      const nowMs = performance.now();
      const due = jobs.find((job) => dueAtMs(job) <= nowMs);
      if (due === undefined) return;
      await run(due);
    }
  }

  function setTimer(atMs: number): void {
    if (atMs >= timerAtMs) return;
    clearTimeout(timer);
    timerAtMs = atMs;
    timer = setTimeout(
      () => {
        timerAtMs = Number.POSITIVE_INFINITY;
        look();
      },
      Math.ceil(atMs - performance.now()),
    );
  }

  function look(): void {
    if (working !== undefined || isStopped) return;
    const atMs = Math.min(...jobs.map(dueAtMs));
    if (atMs > performance.now()) {
      setTimer(atMs);
      return;
    }
    // Not at once: what a job does before its first await may call look() again, and `working` must say by then that
    // one runs.
    working = Promise.resolve()
      .then(workOff)
      .finally(() => {
        working = undefined;
        look();
      });
  }

  return {
    look,
    isTroubled: (job) =>
      retryAtMs.has(job) || (running?.job === job && performance.now() - running.sinceMs > hungAfterMs),
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await working;
    },
    runNow: run,
  };
}
