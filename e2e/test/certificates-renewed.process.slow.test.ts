import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type Certificates,
  eventually,
  freeTcpPort,
  makeCertificates,
  type Service,
  startMosquitto,
  startNats,
  startService,
  startTcpLink,
  subscribeMqtt,
} from "@sense-alerts/test-kit";
import { sendAlert } from "../src/alerts.js";
import { createSecretFolder } from "../src/secret-folder.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const [former, renewed] = [makeCertificates(file), makeCertificates(file)];
const textOf = (path: string) => readFileSync(path, "utf8");

function clientFiles({ caFile, clientCertFile, clientKeyFile }: Certificates) {
  return { "ca.pem": textOf(caFile), "tls.crt": textOf(clientCertFile), "tls.key": textOf(clientKeyFile) };
}

function serverFiles({ caFile, serverCertFile, serverKeyFile }: Certificates) {
  return { "ca.pem": textOf(caFile), "tls.crt": textOf(serverCertFile), "tls.key": textOf(serverKeyFile) };
}

/**
 * Different reasons in the lines about one link. A reason that were logged at each attempt would be there several
 * times.
 */
function reasonsIn(service: Service, from = 0): string[] {
  return service.logs.slice(from).flatMap((line) => ("reason" in line ? [String(line["reason"])] : []));
}

function assertEachOnce(reasons: readonly string[]): void {
  assert.deepEqual(reasons, [...new Set(reasons)]);
}

test("certificates for NATS that are swapped under both services are used when the server wants them", async (t) => {
  const client = createSecretFolder(t, clientFiles(former));
  const server = createSecretFolder(t, serverFiles(former));
  const path = (name: string) => JSON.stringify(server.path(name));
  const config = `tls { cert_file: ${path("tls.crt")}, key_file: ${path("tls.key")}, ca_file: ${path("ca.pem")}, verify: true }`;
  const [nats, broker] = await Promise.all([startNats(t, { config }), startMosquitto(t)]);
  const subscriber = await subscribeMqtt(t, { port: broker.port, topics: ["#"] });
  const env = {
    NATS_URL: nats.url,
    MQTT_URL: broker.url,
    NATS_TLS_CA_FILE: client.path("ca.pem"),
    NATS_TLS_CERT_FILE: client.path("tls.crt"),
    NATS_TLS_KEY_FILE: client.path("tls.key"),
  };
  const services = await Promise.all([
    startService(t, "udp-ingest", env, { waitFor: "ready" }),
    startService(t, "mqtt-alerter", env, { waitFor: "ready" }),
  ]);
  const [ingest, alerter] = services;
  await sendAlert(ingest, subscriber);
  const before = services.map(({ logs }) => logs.length);

  client.swap(clientFiles(renewed));
  server.swap(serverFiles(renewed));
  await sendAlert(ingest, subscriber);
  assert.deepEqual(
    services.map(({ logs }) => logs.length),
    before,
    "a session that is good goes on",
  );

  await nats.stop();
  client.overwrite("tls.crt", textOf(renewed.clientCertFile).slice(0, 200));
  await nats.start();
  const unusable = /^NATS_TLS_CERT_FILE and NATS_TLS_KEY_FILE cannot be used: /;
  await eventually(() => {
    for (const service of services) assert.ok(reasonsIn(service).some((reason) => unusable.test(reason)));
  });
  client.overwrite("tls.crt", textOf(renewed.clientCertFile));
  await Promise.all([ingest.ready(), alerter.ready()]);
  await sendAlert(ingest, subscriber);
  for (const service of services) assertEachOnce(reasonsIn(service));

  await nats.stop();
  client.swap(clientFiles(former));
  await nats.start();
  await eventually(() => {
    for (const service of services) assert.match(reasonsIn(service).at(-1) ?? "", /not trusted .*NATS_TLS_CA_FILE/);
  });
  client.swap(clientFiles(renewed));
  await Promise.all([ingest.ready(), alerter.ready()]);
  await sendAlert(ingest, subscriber);
});

for (const scheme of ["mqtts", "wss"]) {
  test(`certificates for ${scheme} that are swapped under mqtt-alerter are used when the broker wants them`, async (t) => {
    const client = createSecretFolder(t, clientFiles(former));
    const server = createSecretFolder(t, serverFiles(former));
    const port = await freeTcpPort();
    const listener = `listener ${port} 127.0.0.1\n${scheme === "wss" ? "protocol websockets\n" : ""}`;
    const files = `cafile ${server.path("ca.pem")}\ncertfile ${server.path("tls.crt")}\nkeyfile ${server.path("tls.key")}`;
    const config = `${listener}${files}\nrequire_certificate true`;
    const [nats, broker] = await Promise.all([startNats(t), startMosquitto(t, { config })]);
    const proxy = await startTcpLink(t, port);
    const env = {
      NATS_URL: nats.url,
      MQTT_URL: `${scheme}://127.0.0.1:${proxy.port}`,
      MQTT_TLS_CA_FILE: client.path("ca.pem"),
      MQTT_TLS_CERT_FILE: client.path("tls.crt"),
      MQTT_TLS_KEY_FILE: client.path("tls.key"),
    };
    const alerter = await startService(t, "mqtt-alerter", env, { waitFor: "ready" });

    // The authority alone is the new one, and the certificate half written: what was there before does not help.
    await broker.stop();
    server.swap(serverFiles(renewed));
    client.swap({ ...clientFiles(renewed), "tls.crt": textOf(renewed.clientCertFile).slice(0, 200) });
    const dialsBefore = proxy.dials();
    await broker.start();
    await eventually(() => assert.ok(proxy.dials() - dialsBefore >= 3), { what: "three attempts" });
    const reasons = reasonsIn(alerter);
    assertEachOnce(reasons);
    assert.equal(reasons.filter((reason) => /^a TLS file cannot be used.*MQTT_TLS_CERT_FILE/.test(reason)).length, 1);
    assert.ok(reasons.some((reason) => /not trusted \(set MQTT_TLS_CA_FILE/.test(reason)));

    client.swap(clientFiles(renewed));
    await alerter.ready();

    // Back again, while it is connected.
    client.swap(clientFiles(former));
    server.swap(serverFiles(former));
    await broker.stop();
    await broker.start();
    await eventually(() => assert.equal(alerter.logs.filter(({ msg }) => msg === "connected to the broker").length, 3));
    assert.equal(alerter.stderr(), "");
  });
}

test("a NATS_CREDS_FILE that is broken for a moment is one line in the log, and used when it is whole", async (t) => {
  const fixture = (name: string) => textOf(fileURLToPath(new URL(`../../test/fixtures/${name}`, import.meta.url)));
  const creds = fixture("nats.creds");
  const secret = createSecretFolder(t, { "user.creds": creds });
  const nats = await startNats(t, { config: fixture("nats-operator.conf") });
  const proxy = await startTcpLink(t, nats.port);
  const NATS_URL = `nats://127.0.0.1:${proxy.port}`;
  const env = { NATS_URL, NATS_CREDS_FILE: secret.path("user.creds") };
  const ingest = await startService(t, "udp-ingest", env);
  const isUp = async (up: boolean) => {
    const { links } = (await ingest.readyz()).body as { links?: { nats?: { up: boolean } } };
    assert.equal(links?.nats?.up, up);
  };
  await eventually(() => isUp(true));
  secret.overwrite("user.creds", creds.slice(0, 700));
  await nats.stop();
  await nats.start();
  const reason = `NATS_CREDS_FILE (${secret.path("user.creds")}) holds no JWT and seed as nsc writes them`;
  await eventually(() => assert.equal(reasonsIn(ingest).filter((text) => text === reason).length, 1));
  await isUp(false);
  secret.swap({ "user.creds": creds });
  await eventually(() => isUp(true));
  assert.equal(reasonsIn(ingest).filter((text) => text === reason).length, 1);
  assert.equal(ingest.stderr(), "");
});
