import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { cleanUpAfter, eventually, type Scope, tempDir } from "@sense-alerts/test-kit";
import { awaitOwnerless, type Owner, type OwnerOptions } from "../../../src/outbox/spool/owner.js";
import { openSpool } from "../../../src/outbox/spool/spool.js";
import { append, megabyte, readAll } from "./open-spool.js";

const hosts = { a: { host: "node-a", boot: "1" }, b: { host: "node-b", boot: "2" } } as const;
const quick = { renewEveryMs: 40, staleAfterMs: 400 };
const inUse = (by: string) => ({
  name: "SpoolError",
  code: "in-use",
  message: new RegExp(`^SPOOL_DIR: .* is in use by ${by}; each udp-ingest needs a directory of its own$`),
});

const onHost = (name: "a" | "b", options: Partial<OwnerOptions> = {}): OwnerOptions => ({
  instance: `ingest-${name}`,
  machine: hosts[name],
  ...quick,
  ...options,
});

async function own(t: Scope, dir: string, options: OwnerOptions): Promise<Owner> {
  const owner = await awaitOwnerless(dir, options);
  cleanUpAfter(t, owner.release);
  await owner.claim();
  return owner;
}

/** As an owner leaves its file that is killed. */
function leaveOwner(dir: string, machine: { host: string; boot: string }): void {
  writeFileSync(join(dir, "owner.json"), JSON.stringify({ ...machine, instance: "ingest-dead", token: "dead" }));
}

test("refuses a directory that a process on another host owns, and names it", async (t) => {
  const dir = tempDir(t);
  const owner = await own(t, dir, onHost("a"));
  const waited: string[] = [];
  const options = onHost("b", { onWaiting: (name, waitMs) => waited.push(`${name} ${waitMs}`) });
  await assert.rejects(awaitOwnerless(dir, options), inUse("ingest-a on host node-a"));
  assert.deepEqual(waited, ["ingest-a on host node-a 400"]);
  await owner.check();
});

test("takes over at once what the owner has released, or has left on this host when it died", async (t) => {
  const dir = tempDir(t);
  const never = () => assert.fail("it need not wait");
  await (await own(t, dir, onHost("a"))).release();
  assert(!existsSync(join(dir, "owner.json")));
  await (await own(t, dir, onHost("b", { onWaiting: never }))).release();
  leaveOwner(dir, hosts.b);
  await own(t, dir, onHost("b", { onWaiting: never }));
});

test("takes over from an owner on another host that has died, and waits for that first", async (t) => {
  const dir = tempDir(t);
  leaveOwner(dir, hosts.a);
  const startedMs = performance.now();
  await own(t, dir, onHost("b"));
  assert(performance.now() - startedMs >= quick.staleAfterMs);
  await assert.rejects(awaitOwnerless(dir, onHost("a")), inUse("ingest-b on host node-b"));
});

test("takes a host of the same name with another boot for another host, and a file of which nothing can be read", async (t) => {
  for (const text of [JSON.stringify({ ...hosts.a, boot: "0", instance: "ingest-x", token: "x" }), ""]) {
    const dir = tempDir(t);
    writeFileSync(join(dir, "owner.json"), text);
    const waited: string[] = [];
    await own(t, dir, onHost("a", { onWaiting: (name) => waited.push(name) }));
    assert.equal(waited.length, 1);
  }
});

test("lets one of two have it that have waited for the same dead owner", async (t) => {
  for (let round = 0; round < 5; round++) {
    const dir = tempDir(t);
    leaveOwner(dir, { host: "node-c", boot: "3" });
    const outcomes = await Promise.allSettled([own(t, dir, onHost("a")), own(t, dir, onHost("b"))]);
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  }
});

test("an owner that was frozen while another took over learns of it before it does anything", async (t) => {
  const dir = tempDir(t);
  const frozen = await own(t, dir, onHost("a", { renewEveryMs: 60_000 }));
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  await frozen.check();
  await own(t, dir, onHost("b"));
  t.mock.timers.tick(quick.staleAfterMs);
  await assert.rejects(frozen.check(), inUse("ingest-b on host node-b"));
  await frozen.release();
  assert.match(readFileSync(join(dir, "owner.json"), "utf8"), /ingest-b/, "and leaves it to that one");
});

test("makes its file again when somebody has removed it", async (t) => {
  const dir = tempDir(t);
  await own(t, dir, onHost("a"));
  rmSync(join(dir, "owner.json"));
  await eventually(() => assert.match(readFileSync(join(dir, "owner.json"), "utf8"), /ingest-a/));
});

test("gives up waiting when it is told to", async (t) => {
  const dir = tempDir(t);
  leaveOwner(dir, hosts.a);
  const stop = new AbortController();
  const waiting = awaitOwnerless(dir, onHost("b", { signal: stop.signal, staleAfterMs: 60_000 }));
  await delay(20);
  stop.abort();
  await assert.rejects(waiting, { name: "AbortError" });
});

test("a spool is opened by one host at a time, and by the next with all that a dead one has left", async (t) => {
  const dir = tempDir(t);
  const first = await openSpool(dir, megabyte, onHost("a"));
  cleanUpAfter(t, first.close);
  await append(first, ["a", "b"]);
  await assert.rejects(openSpool(dir, megabyte, onHost("b")), inUse("ingest-a on host node-a"));
  await append(first, ["c"]);
  await first.close();
  leaveOwner(dir, hosts.a);
  const second = await openSpool(dir, megabyte, onHost("b"));
  cleanUpAfter(t, second.close);
  assert.deepEqual(await readAll(second), { ids: ["a", "b", "c"], torn: 0 });
});

test("a spool that another host has taken over is not touched any more", async (t) => {
  const dir = tempDir(t);
  const frozen = await openSpool(dir, megabyte, onHost("a"));
  cleanUpAfter(t, frozen.close);
  await append(frozen, ["a"]);
  frozen.settle(1);
  leaveOwner(dir, hosts.b);
  await eventually(() => assert.rejects(frozen.append([]), inUse("ingest-dead on host node-b")));
  await assert.rejects(frozen.tidy(), { code: "in-use" });
  await assert.rejects(frozen.read(0, { maxEvents: 1, maxBytes: 1 }), { code: "in-use" });
});

test("knows this machine by its host name and its boot", async (t) => {
  const dir = tempDir(t);
  await own(t, dir, { instance: "ingest-1", ...quick });
  const { host, boot } = JSON.parse(readFileSync(join(dir, "owner.json"), "utf8"));
  assert.equal(host, hostname());
  if (process.platform === "linux") assert.match(boot, /^[0-9a-f-]{36}$/);
});
