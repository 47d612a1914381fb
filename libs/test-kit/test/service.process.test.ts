import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { cleanUpAfter, eventually } from "../src/index.js";
import { startServiceAt } from "../src/service.js";

const standIn = fileURLToPath(new URL("fixtures/stand-in-service.js", import.meta.url));

test("waits for a service, reads its log, its metrics and its exit", async (t) => {
  const service = await startServiceAt(standIn, t, "mqtt-alerter", {}, { waitFor: "ready" });
  assert.deepEqual(service.logs, [{ level: "info", msg: "http server listening", port: await service.httpPort() }]);
  assert.deepEqual(service.badLines, ["not JSON"]);
  assert.deepEqual(await service.readyz(), { status: 200, body: { askedIfReady: 4 } });
  assert.equal(await service.metric("asked_total", { path: "/readyz" }), 4);
  const { ms, ...exit } = await service.stop();
  assert.deepEqual(exit, { code: 0, signal: null });
  assert.ok(ms < 5_000);
  assert.deepEqual(await service.exited, exit);
});

test("gives a service no environment but what it is told", async (t) => {
  process.env["NOT_FOR_SERVICES"] = "1";
  const service = await startServiceAt(standIn, t, "udp-ingest", { NATS_URL: "nats://127.0.0.1:1" });
  const names: unknown = await (await service.get("/environment")).json();
  assert.ok(Array.isArray(names));
  assert.deepEqual(
    names.filter((name) => name !== "NODE_V8_COVERAGE" && name !== "__CF_USER_TEXT_ENCODING"),
    ["HTTP_HOST", "HTTP_PORT", "NATS_URL", "PATH", "UDP_HOST", "UDP_PORT"],
  );
});

test("fails at once, with the output, when the service exits instead of becoming ready", async (t) => {
  const started = performance.now();
  const service = await startServiceAt(standIn, t, "mqtt-alerter", { EXIT_CODE: "78" });
  await assert.rejects(service.ready(), /mqtt-alerter exited with 78\n.*the settings are wrong/s);
  await assert.rejects(service.udpPort(), /mqtt-alerter exited with 78/);
  assert.ok(performance.now() - started < 5_000);
});

test("freezes a service and lets it go on", async (t) => {
  const service = await startServiceAt(standIn, t, "mqtt-alerter", {}, { waitFor: "ready" });
  service.suspend();
  let answered = false;
  const answer = service.get("/").then(() => {
    answered = true;
  });
  await assert.rejects(eventually(() => assert.ok(answered), { timeoutMs: 200 }));
  service.resume();
  await answer;
});

test("kills a service that does not heed SIGTERM when its test ends", { timeout: 20_000 }, async (t) => {
  let pid = 0;
  await t.test("the test that ends", async (inner) => {
    const service = await startServiceAt(standIn, inner, "mqtt-alerter", { IGNORE_SIGTERM: "1" }, { waitFor: "http" });
    pid = service.pid;
    cleanUpAfter(inner, () => service.suspend()); // not even then
  });
  assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
});
