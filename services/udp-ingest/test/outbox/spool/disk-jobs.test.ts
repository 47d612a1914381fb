import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { cleanUpAfter, eventually, type Scope } from "@sense-alerts/test-kit";
import { createDiskJobs, type DiskJob } from "../../../src/outbox/spool/disk-jobs.js";

const never = Number.POSITIVE_INFINITY;

type FakeJob = DiskJob & {
  /** Makes it due in so many milliseconds, once. */
  due(inMs?: number): void;
  /** Makes its runs last until `finish()`, or fail. */
  hang(): void;
  finish(): void;
  fail(): void;
};

function fakeJobs(t: Scope, ...names: readonly string[]) {
  const ran: string[] = [];
  const errors: unknown[] = [];
  let overlaps = 0;
  let running = 0;
  let recovered = 0;

  function fakeJob(name: string): FakeJob {
    let dueAtMs = never;
    let fails = false;
    let lasting = Promise.resolve();
    let finish = () => {};
    return {
      dueAtMs: () => dueAtMs,
      run: async () => {
        if (++running > 1) overlaps++;
        ran.push(name);
        await lasting;
        running--;
        if (fails) throw new Error(`${name} failed`);
        dueAtMs = never;
      },
      due: (inMs = 0) => {
        dueAtMs = performance.now() + inMs;
        fails = false;
      },
      hang: () => {
        lasting = new Promise((resolve) => {
          finish = resolve;
        });
      },
      finish: () => finish(),
      fail: () => {
        fails = true;
      },
    };
  }

  const all = names.map(fakeJob);
  const jobs = createDiskJobs({
    jobs: all,
    onError: (error) => errors.push(error),
    onRecovered: () => recovered++,
  });
  cleanUpAfter(t, jobs.stop);
  return { jobs, all, ran, errors, overlaps: () => overlaps, recovered: () => recovered };
}

function only<T>(items: readonly T[]): T {
  const [item] = items;
  assert(item !== undefined);
  return item;
}

test("runs what is due, the first of the list before the others, and one at a time", async (t) => {
  const { jobs, all, ran, overlaps } = fakeJobs(t, "write", "read", "tidy");
  for (const job of all.toReversed()) job.due();
  for (let looks = 0; looks < 10; looks++) jobs.look();
  await eventually(() => assert.deepEqual(ran, ["write", "read", "tidy"]));
  assert.equal(overlaps(), 0);
});

test("runs a job no earlier than it is due, and no later because another is due later", async (t) => {
  const { jobs, all, ran } = fakeJobs(t, "early", "late");
  const [early, late] = all;
  late?.due(60_000);
  jobs.look();
  early?.due(30);
  jobs.look();
  const start = performance.now();
  await eventually(() => assert.deepEqual(ran, ["early"]), { intervalMs: 1 });
  assert(performance.now() - start >= 28);
});

test("begins nothing while a job runs, and what became due meanwhile when it is done", async (t) => {
  const { jobs, all, ran, overlaps } = fakeJobs(t, "write", "read");
  const [write, read] = all;
  read?.hang();
  read?.due();
  jobs.look();
  await eventually(() => assert.deepEqual(ran, ["read"]));
  write?.due();
  jobs.look();
  await delay(5);
  assert.deepEqual(ran, ["read"]);
  read?.finish();
  await eventually(() => assert.deepEqual(ran, ["read", "write"]));
  assert.equal(overlaps(), 0);
});

test("begins nothing either when a job itself has it look at what is due", async (t) => {
  const ran: string[] = [];
  let isDue = true;
  const write: DiskJob = {
    dueAtMs: () => (isDue ? 0 : never),
    run: async () => {
      ran.push("begun");
      jobs.look();
      await delay(5);
      isDue = false;
      ran.push("done");
    },
  };
  const unexpected = () => assert.fail("nothing fails");
  const jobs = createDiskJobs({ jobs: [write], onError: unexpected, onRecovered: unexpected });
  cleanUpAfter(t, jobs.stop);
  jobs.look();
  await eventually(() => assert.deepEqual(ran, ["begun", "done"]));
});

test("tries a job that failed again a second later, lets others run meanwhile, and says when it is over", async (t) => {
  const { jobs, all, ran, errors, recovered } = fakeJobs(t, "write", "read");
  const [write, read] = all;
  assert(write !== undefined && read !== undefined);
  write.due();
  write.fail();
  read.due(20);
  jobs.look();
  await eventually(() => assert.deepEqual(ran, ["write", "read"]));
  assert.equal(only(errors) instanceof Error, true);
  assert(jobs.isTroubled(write));
  assert(!jobs.isTroubled(read));
  write.due();
  await eventually(() => assert.deepEqual(ran, ["write", "read", "write"]));
  await eventually(() => assert.equal(recovered(), 1));
  assert(!jobs.isTroubled(write));
});

test("takes a job for troubled that has been running for more than five seconds", async (t) => {
  const { jobs, all, ran } = fakeJobs(t, "write");
  const write = only(all);
  write.hang();
  cleanUpAfter(t, write.finish);
  write.due();
  jobs.look();
  await eventually(() => assert.deepEqual(ran, ["write"]));
  assert(!jobs.isTroubled(write));
  const { now } = performance;
  t.mock.method(performance, "now", () => now.call(performance) + 5_001);
  assert(jobs.isTroubled(write));
  write.finish();
  await eventually(() => assert(!jobs.isTroubled(write)));
});

test("waits for what runs when it is stopped, and runs nothing more but what it is told to", async (t) => {
  const { jobs, all, ran } = fakeJobs(t, "write", "read");
  const [write, read] = all;
  assert(write !== undefined && read !== undefined);
  read.due();
  write.due();
  write.hang();
  jobs.look();
  await eventually(() => assert.deepEqual(ran, ["write"]));
  let isStopped = false;
  const stopped = jobs.stop().then(() => {
    isStopped = true;
  });
  await delay(5);
  assert.equal(isStopped, false);
  write.finish();
  await stopped;
  jobs.look();
  await delay(5);
  assert.deepEqual(ran, ["write"]);
  assert.equal(await jobs.runNow(read), true);
  read.fail();
  assert.equal(await jobs.runNow(read), false);
  assert.deepEqual(ran, ["write", "read", "read"]);
});
