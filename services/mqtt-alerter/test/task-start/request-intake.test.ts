import assert from "node:assert/strict";
import { test } from "node:test";
import { BusError } from "@sense-alerts/bus";
import { cleanUpAfter, eventually, publishMqtt, type Scope, startMosquitto } from "@sense-alerts/test-kit";
import { createRequestIntake, type IntakeOptions } from "../../src/task-start/request-intake.js";
import { startRequestSubscription } from "../../src/task-start/request-subscription.js";
import type { IncomingRequest } from "../../src/task-start/start-request.js";
import type { Identified } from "../../src/task-start/stored-request.js";
import { mqttOptions } from "../fixtures/start-publisher.js";

const taskId = "5a4d2f0e-6f0b-4b1c-9d35-0f6f3c8f7a11";
const away = new BusError("disconnected", "no connection to NATS");

function request(requestId: string, changes: Partial<IncomingRequest> = {}): IncomingRequest {
  const payload = Buffer.from(JSON.stringify({ taskId, requestId }));
  return {
    payload,
    retained: false,
    responseTopic: undefined,
    correlationData: undefined,
    userProperties: [],
    ...changes,
  };
}

/** An intake whose NATS stores what it gets once, while `nats.answer` resolves. */
function start(t: Scope, timing: IntakeOptions["timing"] = { keepMs: 60_000, pubackMs: 50 }) {
  const nats = {
    answer: async (): Promise<void> => {},
    attempts: 0,
    stored: new Set<string>(),
    lateMs: [] as number[],
  };
  const [taken, refused]: [string[], string[]] = [[], []];
  let ignored = 0;
  const intake = createRequestIntake({
    log: {
      store: async ({ id }: Identified, lateMs: number) => {
        nats.attempts++;
        await nats.answer();
        nats.lateMs.push(lateMs);
        return nats.stored.size < nats.stored.add(id).size;
      },
    },
    onTaken: ({ requestId }, repeated) => taken.push(`${requestId}${repeated ? " again" : ""}`),
    onIgnored: () => ignored++,
    onRetry: () => {},
    refuse: async ({ requestId }, code) => void refused.push(`${requestId} ${code}`),
    timing,
  });
  cleanUpAfter(t, () => intake.close(AbortSignal.abort()));
  return { intake, nats, taken, refused, ignored: () => ignored };
}

test("resolves when NATS has stored the request, so that a crash before that loses nothing", async (t) => {
  const { intake, nats, taken } = start(t, { keepMs: 60_000, pubackMs: 60_000 });
  let resolve = () => {};
  nats.answer = () =>
    new Promise((answered) => {
      resolve = answered;
    });
  let isAcknowledged = false;
  const taking = intake.take(request("1"), 0).then(() => {
    isAcknowledged = true;
  });
  await eventually(() => assert.equal(nats.attempts, 1));
  assert.equal(isAcknowledged, false);
  resolve();
  await taking;
  assert.deepEqual([taken, nats.lateMs, intake.waiting()], [["1"], [0], 0]);
});

test("keeps requests while NATS is away, and stores them in order when it is back", async (t) => {
  const { intake, nats, taken, refused } = start(t);
  nats.answer = () => Promise.reject(away);
  for (const id of ["1", "2", "3"]) await intake.take(request(id), 0);
  assert.deepEqual([intake.waiting(), taken], [3, []]);
  nats.answer = async () => {};
  await eventually(() => assert.deepEqual(taken, ["1", "2", "3"]));
  assert.deepEqual([intake.waiting(), refused], [0, []]);
});

test("keeps the PUBACK waiting for a NATS that hangs once, and not for each request", async (t) => {
  const { intake, nats } = start(t, { keepMs: 60_000, pubackMs: 300 });
  nats.answer = () => new Promise(() => {});
  const beganMs = performance.now();
  for (let n = 0; n < 20; n++) await intake.take(request(`${n}`), 0);
  const tookMs = performance.now() - beganMs;
  assert.ok(tookMs >= 299 && tookMs < 3_000, `${tookMs} ms`);
  assert.equal(intake.waiting(), 20);
});

test("takes a copy of a request that waits or was refused for the same request", async (t) => {
  const { intake, nats, taken, refused } = start(t, { keepMs: 0, pubackMs: 50 });
  nats.answer = () => Promise.reject(away);
  await Promise.all([intake.take(request("1"), 0), intake.take(request("1"), 0)]);
  await intake.take(request("1"), 0);
  assert.deepEqual([taken, refused], [["1 again", "1 again"], ["1 not-stored"]]);
});

test("refuses a request that NATS does not store in time or will never store", async (t) => {
  const late = start(t, { keepMs: 100, pubackMs: 50 });
  late.nats.answer = () => Promise.reject(away);
  await late.intake.take(request("1"), 0);
  await eventually(() => assert.deepEqual(late.refused, ["1 not-stored"]));
  const large = start(t);
  large.nats.answer = () => Promise.reject(new BusError("too-large", "larger than max_payload"));
  await large.intake.take(request("1"), 0);
  assert.deepEqual(large.refused, ["1 not-stored"]);
});

test("refuses what comes when 1,000 requests wait", async (t) => {
  const { intake, nats, refused } = start(t);
  nats.answer = () => Promise.reject(away);
  for (let n = 0; n < 1_001; n++) await intake.take(request(`${n}`), 0);
  assert.deepEqual([refused, intake.waiting()], [["1000 too-many-waiting"], 1_000]);
});

test("tells how long a request has waited, since another replica may have stored it meanwhile", async (t) => {
  const { intake, nats } = start(t, { keepMs: 60_000, pubackMs: 1 });
  nats.answer = () => Promise.reject(away);
  await intake.take(request("1"), 500);
  await eventually(() => assert.ok(nats.attempts >= 5));
  nats.answer = async () => {};
  await eventually(() => assert.ok((nats.lateMs[0] ?? 0) > 1_500, String(nats.lateMs)));
});

test("at a stop it refuses what waits", async (t) => {
  const { intake, nats, refused } = start(t);
  nats.answer = () => Promise.reject(away);
  await intake.take(request("1"), 0);
  await intake.take(request("2"), 0);
  await intake.close(new AbortController().signal);
  assert.deepEqual(refused, ["1 not-stored", "2 not-stored"]);
});

test("ignores a retained message", async (t) => {
  const { intake, nats, ignored } = start(t);
  await intake.take(request("1", { retained: true }), 0);
  assert.deepEqual([nats.attempts, ignored()], [0, 1]);
});

for (const protocolVersion of [4, 5] as const) {
  test(`keeps its connection to a broker of MQTT ${protocolVersion} while NATS is away, and loses no request`, async (t) => {
    const broker = await startMosquitto(t);
    const { intake, nats, taken, refused } = start(t, { keepMs: 60_000, pubackMs: 250 });
    nats.answer = () => Promise.reject(away);
    const [subscribed, troubles]: [boolean[], string[]] = [[], []];
    const subscription = startRequestSubscription(
      { mqtt: mqttOptions(broker.url, { protocolVersion, keepaliveSeconds: 1 }), topic: "q/start", lasting: false },
      {
        onRequest: (incoming) => intake.take(incoming, 0),
        onSubscribed: (shared) => subscribed.push(shared),
        onTrouble: (reason) => troubles.push(reason),
      },
    );
    cleanUpAfter(t, () => subscription.close(AbortSignal.timeout(500)));
    await eventually(() => assert.equal(subscribed.length, 1));
    const ids = Array.from({ length: 30 }, (_, n) => `${n}`);
    for (const requestId of ids) {
      await publishMqtt({ port: broker.port, topic: "q/start", payload: JSON.stringify({ taskId, requestId }) });
    }
    await eventually(() => assert.equal(intake.waiting(), ids.length));
    // Longer than the broker and MQTT.js wait for a ping.
    await eventually(() => assert.ok(nats.attempts >= 7), { timeoutMs: 20_000 });
    assert.deepEqual([subscribed.length, troubles], [1, []]);
    nats.answer = async () => {};
    await eventually(() => assert.deepEqual(new Set(taken.filter((one) => !one.endsWith("again"))), new Set(ids)));
    assert.deepEqual(refused, []);
  });
}
