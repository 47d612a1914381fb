import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { report, short } from "../src/drill.js";
import { sendSteadily } from "../src/drills/steady-sender.js";
import { assertConserved, nothingBuffered, startOutage, storedExecutions } from "../src/outage.js";

test("udp-ingest killed again and again during an outage of NATS loses at most the last 50 ms before each kill", async (t) => {
  const outage = await startOutage(t);
  const kills = short(4, 50);
  const sent: string[] = [];
  /** By execution: how long before the kill it was sent. */
  const ageMs = new Map<string, number>();
  for (let round = 0; round < kills; round++) {
    const ingest = await outage.startIngest();
    const sending = sendSteadily([await ingest.udpPort()], short(300, 1_000));
    await wait(randomInt(1_100, 2_000));
    sending.stop();
    const killedMs = Date.now();
    await ingest.stop("SIGKILL");
    for (const { executionId, atMs } of sending.sent) {
      sent.push(executionId);
      ageMs.set(executionId, killedMs - atMs);
    }
  }

  const ingest = await outage.startIngest();
  const nats = await outage.startNats();
  await nothingBuffered(ingest);
  await assertConserved(ingest);
  const stored = await storedExecutions(t, nats);
  const known = new Set(stored);
  const kept = sent.filter((executionId) => known.has(executionId));
  assert.deepEqual(stored, kept, "in order, each once");
  const lostAgesMs = sent.filter((executionId) => !known.has(executionId)).map((lost) => ageMs.get(lost) ?? Infinity);
  const oldestLostMs = Math.ceil(Math.max(0, ...lostAgesMs));
  const sentInLast50Ms = [...ageMs.values()].filter((age) => age <= 50).length;
  const figures = { sent: sent.length, delivered: stored.length, repeats: 0, kills, lost: lostAgesMs.length };
  report(t, { ...figures, sentInLast50Ms, oldestLostMs });
  // Other test files share the machine, and a service that gets no processor leaves datagrams in the kernel.
  assert.ok(oldestLostMs <= short(1_000, 50), `lost what was sent ${oldestLostMs} ms before the kill`);
});
