import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type Environment,
  freeTcpPort,
  makeCertificates,
  type NatsServer,
  type Service,
  startMosquitto,
  startNats,
  startService,
  startTcpLink,
  subscribeMqtt,
  tempDir,
} from "@sense-alerts/test-kit";
import { sendAlert } from "../src/alerts.js";
import { assertShowsNone, assertWaits } from "../src/waiting.js";

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
    for (const service of [ingest, alerter]) assertShowsNone(service, secretsOf(ingestEnv));
  });
}

/** A user's name is no secret, and neither is a path. */
function secretsOf(env: Environment): readonly string[] {
  return Object.values(env).filter((value) => value !== "sense" && !value.startsWith("/"));
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

const foreign = makeCertificates(file);
const verifying = `tls { ${serverTls}, ca_file: ${JSON.stringify(caFile)}, verify: true }`;
const foreignCreds = contentOf("nats.creds").replace(/SU[A-Z2-7]{56}/, contentOf("nats-user.nkey").trim());
const refused: readonly { what: string; config: string; env: Environment; tls?: true; reason: RegExp }[] = [
  {
    what: "without NATS_TLS_CA_FILE a server's certificate is not trusted",
    config: `tls { ${serverTls} }`,
    env: {},
    tls: true,
    reason: /certificate is not trusted .*NATS_TLS_CA_FILE/,
  },
  {
    what: "with another authority in NATS_TLS_CA_FILE it is not trusted either",
    config: `tls { ${serverTls} }`,
    env: { NATS_TLS_CA_FILE: foreign.caFile },
    tls: true,
    reason: /certificate is not trusted .*NATS_TLS_CA_FILE/,
  },
  {
    what: "without NATS_TLS_CERT_FILE a server that verifies its clients lets nobody in",
    config: verifying,
    env: { NATS_TLS_CA_FILE: caFile },
    tls: true,
    reason: /client certificate.*NATS_TLS_CERT_FILE/,
  },
  {
    what: "a NATS_TLS_CERT_FILE of another authority is refused",
    config: verifying,
    env: {
      NATS_TLS_CA_FILE: caFile,
      NATS_TLS_CERT_FILE: foreign.clientCertFile,
      NATS_TLS_KEY_FILE: foreign.clientKeyFile,
    },
    tls: true,
    reason: /client certificate.*NATS_TLS_CERT_FILE/,
  },
  {
    what: "a wrong NATS_PASSWORD_FILE is refused in words that name the settings",
    config: 'authorization { user: "sense", password: "right" }',
    env: { NATS_USER: "sense", NATS_PASSWORD_FILE: secretFile("wrong", "wr0ng-one") },
    reason: /refused the login \(check NATS_USER and NATS_PASSWORD\)/,
  },
  {
    what: "a wrong NATS_TOKEN is refused",
    config: 'authorization { token: "right" }',
    env: { NATS_TOKEN: "wr0ng-one" },
    reason: /refused the login \(check NATS_TOKEN\)/,
  },
  {
    what: "a NATS_NKEY_SEED that the server does not know is refused",
    config: "authorization { users: [ { nkey: UBMRMSS7J4NQHHKXZR6VTFOUD6RSEIADPWI4C5BTM7PNKRSMKB7EKFQB } ] }",
    env: { NATS_NKEY_SEED: contentOf("nats-user.nkey").trim() },
    reason: /refused the login \(check NATS_NKEY_SEED\)/,
  },
  {
    what: "a NATS_CREDS_FILE whose seed is another's is refused",
    config: contentOf("nats-operator.conf"),
    env: { NATS_CREDS_FILE: secretFile("foreign.creds", foreignCreds) },
    reason: /refused the login \(check NATS_CREDS_FILE\)/,
  },
  {
    what: "no login is refused where one is asked for",
    config: 'authorization { token: "right" }',
    env: {},
    reason: /refused the login \(check NATS_USER, NATS_PASSWORD, NATS_TOKEN, NATS_CREDS_FILE or NATS_NKEY_SEED\)/,
  },
];
for (const { what, config, env, tls, reason } of refused) {
  test(`${what}; the service says so once, tries again, and keeps what comes`, async (t) => {
    const nats = await startNats(t, { config });
    const proxy = await startTcpLink(t, nats.port);
    const NATS_URL = `${tls ? "tls" : "nats"}://127.0.0.1:${proxy.port}`;
    const quick = { SHUTDOWN_TIMEOUT_SECONDS: "1" };
    const ingest = await startService(t, "udp-ingest", { NATS_URL, ...quick, ...env }, { waitFor: "ready" });
    const seed = contentOf("nats-user.nkey").trim();
    await assertWaits(ingest, reason, proxy.dials, ["wr0ng-one", seed, ...secretsOf(env)]);
    assert.equal(await ingest.metric("sensealerts_ingest_buffered_events"), 1, "its start");
  });
}

test("NATS_URL is a list, and a server in it that is not there is passed over", async (t) => {
  const nats = await startNats(t);
  const env = { NATS_URL: `nats://127.0.0.1:${await freeTcpPort()}, ${nats.url}` };
  const [ingest] = await startBoth(t, env, env);
  await sendAlert(ingest, subscriber);
});
