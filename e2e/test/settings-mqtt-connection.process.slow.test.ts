import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import {
  type Environment,
  freeTcpPort,
  makeCertificates,
  type Service,
  startMosquitto,
  startService,
  startTcpLink,
  subscribeMqtt,
  tempDir,
} from "@sense-alerts/test-kit";
import { sendAlert } from "../src/alerts.js";
import { startServers } from "../src/stack.js";
import { assertShowsNone, assertWaits } from "../src/waiting.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const { caFile, serverCertFile, serverKeyFile, clientCertFile, clientKeyFile } = makeCertificates(file);
const foreign = makeCertificates(file);
const ports = Promise.all([freeTcpPort(), freeTcpPort(), freeTcpPort(), freeTcpPort(), freeTcpPort()]);
const [mqtts, mutual, ws, wss, mutualWss] = await ports;
const tls = `certfile ${serverCertFile}\nkeyfile ${serverKeyFile}`;
const { nats, broker, subscriber, env } = await startServers(file, {
  broker: {
    config: [
      `listener ${mqtts} 127.0.0.1\n${tls}`,
      `listener ${mutual} 127.0.0.1\n${tls}\ncafile ${caFile}\nrequire_certificate true`,
      `listener ${ws} 127.0.0.1\nprotocol websockets`,
      `listener ${wss} 127.0.0.1\nprotocol websockets\n${tls}`,
      `listener ${mutualWss} 127.0.0.1\nprotocol websockets\n${tls}\ncafile ${caFile}\nrequire_certificate true`,
    ].join("\n"),
  },
});
const ingest = await startService(file, "udp-ingest", { NATS_URL: nats.url }, { waitFor: "ready" });

function startAlerter(t: TestContext, own: Environment, waitFor: "ready" | "http" = "ready"): Promise<Service> {
  return startService(t, "mqtt-alerter", { ...env, ...own }, { waitFor });
}

const client = { MQTT_TLS_CERT_FILE: clientCertFile, MQTT_TLS_KEY_FILE: clientKeyFile };
const connections = [
  { what: "mqtt://", env: { MQTT_URL: `mqtt://127.0.0.1:${broker.port}` } },
  { what: "mqtts:// and MQTT_TLS_CA_FILE", env: { MQTT_URL: `mqtts://localhost:${mqtts}`, MQTT_TLS_CA_FILE: caFile } },
  {
    what: "mqtts:// and a client certificate",
    env: { MQTT_URL: `mqtts://127.0.0.1:${mutual}`, MQTT_TLS_CA_FILE: caFile, ...client },
  },
  {
    what: "mqtts:// and MQTT_TLS_INSECURE=true",
    env: { MQTT_URL: `mqtts://127.0.0.1:${mqtts}`, MQTT_TLS_INSECURE: "true" },
    warning: "MQTT_TLS_INSECURE",
  },
  { what: "ws://", env: { MQTT_URL: `ws://127.0.0.1:${ws}` } },
  { what: "ws:// with a path", env: { MQTT_URL: `ws://127.0.0.1:${ws}/mqtt` } },
  { what: "wss://", env: { MQTT_URL: `wss://127.0.0.1:${wss}/mqtt`, MQTT_TLS_CA_FILE: caFile } },
  {
    what: "wss:// and a client certificate",
    env: { MQTT_URL: `wss://localhost:${mutualWss}/mqtt`, MQTT_TLS_CA_FILE: caFile, ...client },
  },
  {
    what: "wss:// and MQTT_TLS_INSECURE=true",
    env: { MQTT_URL: `wss://127.0.0.1:${wss}`, MQTT_TLS_INSECURE: "true" },
    warning: "MQTT_TLS_INSECURE",
  },
];
for (const { what, env: own, warning } of connections) {
  test(`MQTT_URL: ${what} reaches the broker`, async (t) => {
    const alerter = await startAlerter(t, own);
    await sendAlert(ingest, subscriber);
    const there = alerter.logs.find((line) => line["msg"] === "connected to the broker");
    assert.equal(there?.["url"], own.MQTT_URL);
    const warnings = alerter.logs.filter((line) => line["level"] === "warn").map((line) => line["setting"]);
    assert.deepEqual(warnings, warning === undefined ? [] : [warning]);
  });
}

const foreignClient = { MQTT_TLS_CERT_FILE: foreign.clientCertFile, MQTT_TLS_KEY_FILE: foreign.clientKeyFile };
const untrusted = /not trusted.*MQTT_TLS_CA_FILE/;
const noCertificate = /client certificate.*MQTT_TLS_CERT_FILE/;
const refusedConnections: readonly { what: string; url: string; env: Environment; reason: RegExp }[] = [
  {
    what: "without MQTT_TLS_CA_FILE the broker's certificate is not trusted",
    url: `mqtts://127.0.0.1:${mqtts}`,
    env: {},
    reason: untrusted,
  },
  {
    what: "with MQTT_TLS_INSECURE=false it is not trusted over wss either",
    url: `wss://127.0.0.1:${wss}`,
    env: { MQTT_TLS_INSECURE: "false" },
    reason: untrusted,
  },
  {
    what: "with another authority in MQTT_TLS_CA_FILE it is not trusted",
    url: `wss://127.0.0.1:${wss}`,
    env: { MQTT_TLS_CA_FILE: foreign.caFile },
    reason: untrusted,
  },
  {
    what: "without MQTT_TLS_CERT_FILE a broker that verifies its clients lets nobody in",
    url: `mqtts://127.0.0.1:${mutual}`,
    env: { MQTT_TLS_CA_FILE: caFile },
    reason: noCertificate,
  },
  {
    what: "without MQTT_TLS_CERT_FILE it lets nobody in over wss either",
    url: `wss://127.0.0.1:${mutualWss}/mqtt`,
    env: { MQTT_TLS_CA_FILE: caFile },
    reason: noCertificate,
  },
  {
    what: "a MQTT_TLS_CERT_FILE of another authority is refused",
    url: `mqtts://127.0.0.1:${mutual}`,
    env: { MQTT_TLS_CA_FILE: caFile, ...foreignClient },
    reason: noCertificate,
  },
  {
    what: "a MQTT_TLS_CERT_FILE of another authority is refused over wss",
    url: `wss://127.0.0.1:${mutualWss}/mqtt`,
    env: { MQTT_TLS_CA_FILE: caFile, ...foreignClient },
    reason: noCertificate,
  },
];
for (const { what, url, env: own, reason } of refusedConnections) {
  test(`MQTT_URL: ${what}, and the service says so once and tries again`, async (t) => {
    const { port, dials } = await startTcpLink(t, Number(new URL(url).port));
    const alerter = await startAlerter(t, { MQTT_URL: url.replace(/:\d+/, `:${port}`), ...own }, "http");
    await assertWaits(alerter, reason, dials);
    assert.equal((await alerter.readyz()).status, 503);
  });
}

const dir = tempDir(file);
const password = "pässword: with @ / and blanks";
const passwordFile = join(dir, "passwords");
execFileSync("mosquitto_passwd", ["-b", "-c", passwordFile, "alerter", password], { stdio: "pipe" });
const locked = await startMosquitto(file, { config: `allow_anonymous false\npassword_file ${passwordFile}` });
const lockedSubscriber = await subscribeMqtt(file, {
  port: locked.port,
  topics: ["#"],
  args: ["-u", "alerter", "-P", password],
});

function secretFile(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

const inUrl = `mqtt://alerter:${encodeURIComponent(password)}@127.0.0.1:${locked.port}`;
const logins: readonly { what: string; env: Environment }[] = [
  { what: "MQTT_USERNAME and MQTT_PASSWORD", env: { MQTT_USERNAME: "alerter", MQTT_PASSWORD: password } },
  {
    what: "MQTT_PASSWORD_FILE with a line end behind the password",
    env: { MQTT_USERNAME: "alerter", MQTT_PASSWORD_FILE: secretFile("right", `${password}\n`) },
  },
  {
    what: "MQTT_USERNAME_FILE and a file from Windows",
    env: {
      MQTT_USERNAME_FILE: secretFile("user", "alerter\r\n"),
      MQTT_PASSWORD_FILE: secretFile("windows", `\uFEFF${password}\r\n`),
    },
  },
  { what: "a login in MQTT_URL", env: { MQTT_URL: inUrl } },
  {
    what: "MQTT_PASSWORD before the one in MQTT_URL",
    env: { MQTT_URL: `mqtt://alerter:other@127.0.0.1:${locked.port}`, MQTT_PASSWORD: password },
  },
];
for (const { what, env: own } of logins) {
  test(`${what} logs in to the broker and shows no password`, async (t) => {
    const alerter = await startAlerter(t, { MQTT_URL: locked.url, ...own });
    await sendAlert(ingest, lockedSubscriber);
    assertShowsNone(alerter, [password, encodeURIComponent(password)]);
  });
}

for (const own of [{}, { MQTT_USERNAME: "alerter", MQTT_PASSWORD: "wr0ng-one" }]) {
  const what = "MQTT_PASSWORD" in own ? "a wrong MQTT_PASSWORD" : "no MQTT_USERNAME";
  test(`${what} is refused in words that name the settings, and the service waits`, async (t) => {
    const { port, dials } = await startTcpLink(t, locked.port);
    const alerter = await startAlerter(t, { MQTT_URL: `mqtt://127.0.0.1:${port}`, ...own }, "http");
    await assertWaits(alerter, /MQTT_USERNAME.*MQTT_PASSWORD/, dials, ["wr0ng-one"]);
  });
}
