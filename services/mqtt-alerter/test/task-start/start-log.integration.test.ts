import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bus, BusError, startBus } from "@sense-alerts/bus";
import { cleanUpAfter, eventually, type Scope, startNats } from "@sense-alerts/test-kit";
import { createStartLog, type StartRecord } from "../../src/task-start/start-log.js";

const attempt: StartRecord = { state: "attempt", by: "a 1", lastRun: "r1" };
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function startLog(t: Scope) {
  const nats = await startNats(t);
  const options = {
    servers: [nats.url],
    clientName: "test",
    streamName: "SENSE_EVENTS",
    subjectPrefix: "sense",
    streamReplicas: 1,
    streamMaxAgeMs: 3_600_000,
    streamMaxBytes: 64 * 1024 * 1024,
    dedupWindowMs: 60_000,
    requests: true,
  };
  const bus = startBus(options, silent);
  cleanUpAfter(t, bus.close);
  await eventually(() => assert.ok(bus.state().up, bus.state().detail));
  const logOn = (publish: Bus["publish"]) => createStartLog({ publish, last: bus.last }, "SENSE_EVENTS", "sense");
  /** Stores the message, and loses the acknowledgement. */
  const losing = logOn(async (message) => {
    await bus.publish(message);
    throw new BusError("no-ack", "no acknowledgement");
  });
  return { log: logOn(bus.publish), losing };
}

test("takes a record for its own when the acknowledgement of the first attempt was lost", async (t) => {
  const { log, losing } = await startLog(t);
  await assert.rejects(losing.write("k", attempt, 0, "write-1"), { code: "no-ack" });
  const sequence = await log.write("k", attempt, 0, "write-1");
  assert.equal(sequence, 1);
  assert.equal((await log.find("k"))?.writeId, "write-1");
  assert.equal(await log.write("k", { state: "open" }, sequence, "write-2"), 2);
});

test("takes a record of the same text for another's when another has written it", async (t) => {
  const { log } = await startLog(t);
  assert.equal(await log.write("k", attempt, 0, "write-1"), 1);
  assert.equal(await log.write("k", attempt, 0, "write-2"), undefined);
});

test("takes its own record for lost when another has written since", async (t) => {
  const { log, losing } = await startLog(t);
  await assert.rejects(losing.write("k", attempt, 0, "write-1"), { code: "no-ack" });
  assert.equal(await log.write("k", { state: "open" }, 1, "write-2"), 2);
  assert.equal(await log.write("k", attempt, 0, "write-1"), undefined);
});
