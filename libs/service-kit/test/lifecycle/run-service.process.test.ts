import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { type LogRecord, spawnSample } from "../fixtures/spawn-sample.js";

function messages(records: readonly LogRecord[]): unknown[] {
  return records.map(({ msg }) => msg);
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`closes in reverse order and exits 0 on ${signal}`, async (t) => {
    const sample = spawnSample(t, { INSTANCE_ID: "i-1" });
    const { port } = await sample.record("http server listening");
    const { service, instance } = await sample.record("service started");
    assert.deepEqual([service, instance], ["sample", "i-1"]);
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
    assert.equal(ready.status, 200);
    await ready.text();
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    assert.match(metrics, /^sensealerts_sample_total 1$/m);
    assert.match(metrics, /^sensealerts_build_info\{service="sample",version="\d+\.\d+\.\d+",revision="unknown"/m);
    sample.kill(signal);
    const { code, stderr } = await sample.ended();
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(messages(sample.records), [
      "service starting",
      "http server listening",
      "service started",
      "service stopping",
      "second closed",
      "first closed",
      "service stopped",
    ]);
    assert.equal((await sample.record("service stopping"))["reason"], signal);
    assert.equal((await sample.record("second closed"))["ready"], false);
    const { parts, failed, stopMs, uptimeSeconds } = await sample.record("service stopped");
    assert.deepEqual([parts, failed, typeof stopMs, typeof uptimeSeconds], [3, 0, "number", "number"]);
  });
}

test("gives the start up on SIGTERM, runs the closers registered so far and exits 0", async (t) => {
  const sample = spawnSample(t, { BEHAVIOUR: "start-waits" });
  const { port } = await sample.record("http server listening");
  await sample.record("start waits");
  assert.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200);
  assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 503);
  sample.kill("SIGTERM");
  const { code } = await sample.ended();
  assert.equal(code, 0);
  assert.deepEqual(messages(sample.records).slice(2), [
    "start waits",
    "service stopping",
    "start given up",
    "first closed",
    "service stopped",
  ]);
});

test("keeps serving HTTP, not ready, while it stops; hurries a closer before the time is over", async (t) => {
  const sample = spawnSample(t, { BEHAVIOUR: "closer-hurries", SHUTDOWN_TIMEOUT_SECONDS: "3" });
  const { port } = await sample.record("http server listening");
  await sample.record("service started");
  sample.kill("SIGTERM");
  await sample.record("service stopping");
  const readyz = await fetch(`http://127.0.0.1:${port}/readyz`);
  assert.equal(readyz.status, 503);
  assert.match(await readyz.text(), /"stopping": true/);
  const { code } = await sample.ended();
  assert.equal(code, 0);
  assert.deepEqual(messages(sample.records).slice(-3), ["second hurried", "first closed", "service stopped"]);
  const stopMs = Number((await sample.record("service stopped"))["stopMs"]);
  assert.ok(stopMs >= 2390 && stopMs < 3000, `${stopMs}`);
});

test("exits 1 at once on the second signal", async (t) => {
  const sample = spawnSample(t, { BEHAVIOUR: "closer-hangs", SHUTDOWN_TIMEOUT_SECONDS: "600" });
  await sample.record("service started");
  sample.kill("SIGTERM");
  await sample.record("service stopping");
  sample.kill("SIGINT");
  const { code } = await sample.ended();
  assert.equal(code, 1);
  assert.equal(messages(sample.records).at(-1), "second signal, exiting at once");
});

test("names the closer that hangs and exits 1 when the time is over", async (t) => {
  const sample = spawnSample(t, { BEHAVIOUR: "closer-hangs", SHUTDOWN_TIMEOUT_SECONDS: "1" });
  await sample.record("service started");
  sample.kill("SIGTERM");
  const { code } = await sample.ended();
  assert.equal(code, 1);
  const { level, msg, part, timeoutMs } = sample.records.at(-1) ?? {};
  assert.deepEqual([level, msg, part, timeoutMs], ["error", "part did not stop in time", "second", 1000]);
});

test("names the start when that does not heed the signal", async (t) => {
  const sample = spawnSample(t, { BEHAVIOUR: "start-ignores-signal", SHUTDOWN_TIMEOUT_SECONDS: "1" });
  await sample.record("start waits");
  sample.kill("SIGTERM");
  const { code } = await sample.ended();
  assert.equal(code, 1);
  assert.equal(sample.records.at(-1)?.["part"], "start");
});

test("logs one fatal line for a start that fails, closes what is open and exits 1", async (t) => {
  const sample = spawnSample(t, { BEHAVIOUR: "start-fails" });
  const { code, stderr } = await sample.ended();
  assert.deepEqual([code, stderr], [1, ""]);
  const severe = sample.records.filter(({ level }) => level === "error" || level === "fatal");
  assert.deepEqual(messages(severe), ["service failed to start"]);
  assert.match(JSON.stringify(severe[0]?.["err"]), /no servers: connection refused/);
  assert.deepEqual(messages(sample.records).slice(-2), ["first closed", "service stopped"]);
});

test("runs the other closers when one throws, and exits 1", async (t) => {
  const atStop = spawnSample(t, { BEHAVIOUR: "closer-throws" });
  const atStart = spawnSample(t, { BEHAVIOUR: "start-closes-badly" });
  await atStop.record("service started");
  atStop.kill("SIGTERM");
  for (const sample of [atStop, atStart]) {
    assert.equal((await sample.ended()).code, 1);
    assert.equal((await sample.record("part did not stop cleanly"))["part"], "second");
    assert.deepEqual(messages(sample.records).slice(-2), ["first closed", "service stopped"]);
    assert.equal((await sample.record("service stopped"))["failed"], 1);
  }
});

for (const [behaviour, origin, text] of [
  ["throws-later", "uncaughtException", "thrown by nobody's child"],
  ["rejects-later", "unhandledRejection", "rejected by nobody's child"],
] as const) {
  test(`logs a fatal line and exits 1 on an ${origin}`, async (t) => {
    const sample = spawnSample(t, { BEHAVIOUR: behaviour });
    const { code, stderr } = await sample.ended();
    assert.deepEqual([code, stderr], [1, ""]);
    const last = sample.records.at(-1);
    assert.deepEqual([last?.["level"], last?.["origin"]], ["fatal", origin]);
    assert.match(JSON.stringify(last?.["err"]), new RegExp(text));
  });
}

test("lists all wrong settings on stderr and exits 78 before it opens a port", async (t) => {
  // If it tried to listen here, it would fail and exit with 1.
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  t.after(() => taken.close());
  const address = taken.address();
  assert.ok(typeof address === "object" && address !== null);
  const sample = spawnSample(t, {
    HTTP_PORT: String(address.port),
    LOG_LEVEL: "loud",
    NATS_USER: "sense",
    NATS_URL: "nats://sense:hunter2@localhost",
    NATS_NKEY_SEED: "SUhunter2",
    NATS_TOKEN: "hunter2",
    NATS_TLS_CA_FILE: "/no/such/ca.pem",
  });
  const { code, stdout, stderr } = await sample.ended();
  assert.deepEqual([code, stdout], [78, ""]);
  assert.ok(!stderr.includes("hunter2"), stderr);
  assert.equal(
    stderr,
    `sample cannot start: 5 settings are wrong.

  LOG_LEVEL: must be one of trace, debug, info, warn, error, fatal, silent (got "loud"). Example: LOG_LEVEL=info
  NATS_URL: must not hold a user or password; set NATS_USER and NATS_PASSWORD, or NATS_TOKEN. Example: NATS_URL=nats://localhost:4222
  NATS_NKEY_SEED: must be an NKey user seed: 58 capital letters and digits that start with SU. Example: NATS_NKEY_SEED_FILE=/run/secrets/nats-nkey-seed
  NATS_TLS_CA_FILE: the file /no/such/ca.pem does not exist (ENOENT); check the path, and that the file is mounted into the container. Example: NATS_TLS_CA_FILE=/run/secrets/nats-ca.pem
  NATS_PASSWORD: must be set together with NATS_USER. Example: NATS_PASSWORD_FILE=/run/secrets/nats-password
`,
  );
});

test("shows no secret in its output at the most talkative level", async (t) => {
  const sample = spawnSample(t, { NATS_USER: "sense", NATS_PASSWORD: "hunter2", LOG_LEVEL: "trace" });
  const { port } = await sample.record("http server listening");
  await sample.record("service started");
  for (const path of ["/", "/readyz", "/metrics"]) {
    assert.ok(!(await (await fetch(`http://127.0.0.1:${port}${path}`)).text()).includes("hunter2"), path);
  }
  sample.kill("SIGTERM");
  const { code, stdout, stderr } = await sample.ended();
  assert.equal(code, 0);
  assert.ok(stdout.includes("part stopped"), stdout);
  assert.ok(!(stdout + stderr).includes("hunter2"));
});

test("names HTTP_PORT when the port is taken, and exits 1", async (t) => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  t.after(() => taken.close());
  const address = taken.address();
  assert.ok(typeof address === "object" && address !== null);
  const sample = spawnSample(t, { HTTP_PORT: String(address.port) });
  assert.equal((await sample.ended()).code, 1);
  const { level, err } = await sample.record("service failed to start");
  assert.equal(level, "fatal");
  assert.match(JSON.stringify(err), /is taken by another program; set HTTP_PORT/);
});

test("loses no line at its exit when it logs for human eyes", async (t) => {
  const sample = spawnSample(t, { LOG_PRETTY: "true", BEHAVIOUR: "start-fails" });
  const { code, stdout } = await sample.ended();
  assert.equal(code, 1);
  assert.match(stdout, /FATAL.*service failed to start[\s\S]*first closed[\s\S]*INFO.*service stopped/);
});
