import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { checkHealth, createHealth, createMetrics, startHttp } from "../../src/index.js";

async function startProbe(t: TestContext, host: string) {
  const health = createHealth();
  const logger = { info: () => undefined, error: () => undefined };
  const parts = { health, metrics: createMetrics("probe"), statusPage: undefined, logger };
  const http = await startHttp({ host, port: 0, ...parts });
  t.after(() => http.close());
  return { health, env: { HTTP_HOST: host, HTTP_PORT: String(http.port) } };
}

for (const host of ["127.0.0.1", "0.0.0.0", "::1", "::", "localhost"]) {
  test(`asks a service that listens on ${host}`, async (t) => {
    const { env } = await startProbe(t, host);
    const { healthy, text } = await checkHealth(env, "/livez");
    assert.equal(healthy, true, text);
  });
}

test("says what the service says, and that it is not healthy until it is ready", async (t) => {
  const { health, env } = await startProbe(t, "127.0.0.1");
  health.link("broker", { required: true, state: () => ({ up: false, detail: "refused" }) });
  health.markStarted();
  const { healthy, text } = await checkHealth(env, "/readyz");
  assert.equal(healthy, false);
  assert.match(text, /"detail": "refused"/);
});

test("is not healthy where nobody listens, and says why", async () => {
  assert.deepEqual(await checkHealth({ HTTP_HOST: "127.0.0.1", HTTP_PORT: "6000" }, "/livez"), {
    healthy: false,
    text: "connect ECONNREFUSED 127.0.0.1:6000",
  });
  const { healthy, text } = await checkHealth({ HTTP_PORT: "many" }, "/livez");
  assert.equal(healthy, false);
  assert.match(text, /HTTP_PORT/);
});
