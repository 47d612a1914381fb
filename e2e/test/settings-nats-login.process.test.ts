import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type Environment,
  eventually,
  freeTcpPort,
  type NatsServer,
  type Service,
  startMosquitto,
  startNats,
  startService,
  subscribeMqtt,
  tempDir,
} from "@sense-alerts/test-kit";
import { sendAlert } from "../src/alerts.js";
import { makeCertificates } from "../src/certificates.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const fixture = (name: string) => fileURLToPath(new URL(`../../test/fixtures/${name}`, import.meta.url));
const contentOf = (name: string) => readFileSync(fixture(name), "utf8");
const dir = tempDir(file);
const certificates = makeCertificates(file);
const broker = await startMosquitto(file);
const subscriber = await subscribeMqtt(file, { port: broker.port, topics: ["#"] });

function secretFile(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

function startBoth(t: TestContext, ingestEnv: Environment, alerterEnv: Environment): Promise<[Service, Service]> {
  return Promise.all([
    startService(t, "udp-ingest", ingestEnv, { waitFor: "ready" }),
    startService(t, "mqtt-alerter", { MQTT_URL: broker.url, ...alerterEnv }, { waitFor: "ready" }),
  ]);
}

/** What the server says of itself, so that no test passes because it lets anyone in. */
async function demands(nats: NatsServer): Promise<Record<string, unknown>> {
  const response = await fetch(`${nats.monitorUrl}/varz`, { signal: AbortSignal.timeout(5_000) });
  return (await response.json()) as Record<string, unknown>;
}

const password = "s€cret with blanks";
const logins = [
  {
    what: "NATS_USER and NATS_PASSWORD",
    config: `authorization { user: "sense", password: ${JSON.stringify(password)} }`,
    ingestEnv: { NATS_USER: "sense", NATS_PASSWORD: password },
    alerterEnv: { NATS_USER: "sense", NATS_PASSWORD_FILE: secretFile("password", `${password}\r\n`) },
  },
  {
    what: "NATS_TOKEN",
    config: 'authorization { token: "t0ken" }',
    ingestEnv: { NATS_TOKEN: "t0ken" },
    alerterEnv: { NATS_TOKEN_FILE: secretFile("token", "t0ken\n") },
  },
  {
    what: "NATS_NKEY_SEED",
    config: `authorization { users: [ { nkey: ${contentOf("nats-user.pub").trim()} } ] }`,
    ingestEnv: { NATS_NKEY_SEED: contentOf("nats-user.nkey").trim() },
    alerterEnv: { NATS_NKEY_SEED_FILE: fixture("nats-user.nkey") },
  },
  {
    what: "NATS_CREDS_FILE",
    config: contentOf("nats-operator.conf"),
    ingestEnv: { NATS_CREDS_FILE: fixture("nats.creds") },
    alerterEnv: { NATS_CREDS_FILE: fixture("nats.creds") },
  },
];
for (const { what, config, ingestEnv, alerterEnv } of logins) {
  test(`${what} logs both services in, and neither shows a secret`, async (t) => {
    const nats = await startNats(t, { config });
    assert.equal((await demands(nats))["auth_required"], true);
    const env = { NATS_URL: nats.url };
    const [ingest, alerter] = await startBoth(t, { ...env, ...ingestEnv }, { ...env, ...alerterEnv });
    await sendAlert(ingest, subscriber);
    for (const service of [ingest, alerter]) assertShowsNone(service, Object.values(ingestEnv));
  });
}

function assertShowsNone(service: Service, secrets: readonly string[]): void {
  const shown = JSON.stringify([service.logs, service.badLines, service.stderr()]);
  // A user's name is no secret.
  for (const secret of secrets.filter((value) => value !== "sense" && !value.startsWith("/"))) {
    assert.ok(!shown.includes(secret), `${service.name} shows ${secret}`);
  }
}

const { caFile, serverCertFile, serverKeyFile, clientCertFile, clientKeyFile } = certificates;
const serverTls = `cert_file: ${JSON.stringify(serverCertFile)}, key_file: ${JSON.stringify(serverKeyFile)}`;
const clientTls = { NATS_TLS_CERT_FILE: clientCertFile, NATS_TLS_KEY_FILE: clientKeyFile };

test("NATS_TLS_CA_FILE, NATS_TLS_CERT_FILE and NATS_TLS_KEY_FILE reach a server that verifies its clients", async (t) => {
  const nats = await startNats(t, { config: `tls { ${serverTls}, ca_file: ${JSON.stringify(caFile)}, verify: true }` });
  assert.equal((await demands(nats))["tls_verify"], true);
  const env = { NATS_URL: nats.url, NATS_TLS_CA_FILE: caFile, ...clientTls };
  const [ingest] = await startBoth(t, env, { ...env, NATS_URL: nats.url.replace("nats:", "tls:") });
  await sendAlert(ingest, subscriber);
});

test("NATS_TLS_CA_FILE alone reaches a server that verifies nobody, by the name localhost too", async (t) => {
  const nats = await startNats(t, { config: `tls { ${serverTls} }` });
  assert.equal((await demands(nats))["tls_required"], true);
  const env = { NATS_URL: nats.url, NATS_TLS_CA_FILE: caFile };
  const [ingest] = await startBoth(t, env, { ...env, NATS_URL: `tls://localhost:${nats.port}` });
  await sendAlert(ingest, subscriber);
});

const refused = [
  {
    what: "without NATS_TLS_CA_FILE a server's certificate is not trusted",
    config: `tls { ${serverTls} }`,
    env: {},
    tls: true,
    reason: /certificate is not trusted .*NATS_TLS_CA_FILE/,
  },
  {
    what: "without NATS_TLS_CERT_FILE a server that verifies its clients lets nobody in",
    config: `tls { ${serverTls}, ca_file: ${JSON.stringify(caFile)}, verify: true }`,
    env: { NATS_TLS_CA_FILE: caFile },
    tls: true,
    reason: /client certificate.*NATS_TLS_CERT_FILE/,
  },
  {
    what: "a wrong NATS_PASSWORD_FILE is refused in words that name the settings",
    config: 'authorization { user: "sense", password: "right" }',
    env: { NATS_USER: "sense", NATS_PASSWORD_FILE: secretFile("wrong", "wr0ng-one") },
    tls: false,
    reason: /refused the login .*NATS_USER.*NATS_PASSWORD/,
  },
];
for (const { what, config, env, tls, reason } of refused) {
  test(`${what}, and the service waits and keeps what comes`, async (t) => {
    const nats = await startNats(t, { config });
    const NATS_URL = tls ? nats.url.replace("nats:", "tls:") : nats.url;
    const quick = { SHUTDOWN_TIMEOUT_SECONDS: "1" };
    const ingest = await startService(t, "udp-ingest", { NATS_URL, ...quick, ...env }, { waitFor: "ready" });
    await eventually(() => {
      const reasons = ingest.logs.filter((line) => line["msg"] === "waiting for nats").map((line) => line["reason"]);
      assert.ok(
        reasons.some((text) => reason.test(String(text))),
        reasons.join("; "),
      );
    });
    assert.equal(await ingest.metric("sensealerts_ingest_buffered_events"), 1, "its start");
    assertShowsNone(ingest, ["wr0ng-one"]);
  });
}

test("NATS_URL is a list, and a server in it that is not there is passed over", async (t) => {
  const nats = await startNats(t);
  const env = { NATS_URL: `nats://127.0.0.1:${await freeTcpPort()}, ${nats.url}` };
  const [ingest] = await startBoth(t, env, env);
  await sendAlert(ingest, subscriber);
});
