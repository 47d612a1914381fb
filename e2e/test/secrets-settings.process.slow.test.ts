import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Environment, makeCertificates, runToExit, type ServiceName, tempDir } from "@sense-alerts/test-kit";
import { leaksIn, mark, markedSeed, secretOf } from "../src/secrets.js";

const file = { after };
const dir = tempDir(file);

function fileWith(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

test("the search finds a secret in whatever form it leaks", () => {
  const whole = secretOf("x");
  const basic = Buffer.from(`alerter:${whole}`);
  for (const text of [
    whole,
    encodeURIComponent(whole),
    basic.toString("base64"),
    JSON.stringify(basic),
    basic.toString("hex"),
  ]) {
    assert.equal(leaksIn(`{"err":"connect ${text}"}`).length, 1, text);
  }
});

const { clientCertFile, clientKeyFile } = makeCertificates(file);
const key = readFileSync(clientKeyFile, "utf8");
const markedKey = fileWith("marked.key", key.replace(/\n.{20}/, `\n${mark}${mark}`));
const markedPem = fileWith("marked.pem", `-----BEGIN CERTIFICATE-----\n${mark}\n-----END CERTIFICATE-----\n${mark}\n`);
const markedFile = fileWith("marked", `${secretOf("file")}\n`);

const wrongSettings: readonly { what: string; name: ServiceName; env: Environment }[] = [
  {
    what: "every secret given twice, by itself and by a file",
    name: "mqtt-alerter",
    env: Object.fromEntries(
      ["NATS_PASSWORD", "NATS_TOKEN", "NATS_NKEY_SEED", "MQTT_PASSWORD"].flatMap((name) => [
        [name, secretOf("twice")],
        [`${name}_FILE`, markedFile],
      ]),
    ),
  },
  {
    what: "passwords without their users and a seed that is none",
    name: "mqtt-alerter",
    env: { NATS_PASSWORD: secretOf("a"), MQTT_PASSWORD: secretOf("b"), NATS_NKEY_SEED: secretOf("seed") },
  },
  {
    what: "several logins at once",
    name: "udp-ingest",
    env: { NATS_USER: "u", NATS_PASSWORD: secretOf("a"), NATS_TOKEN: secretOf("b"), NATS_NKEY_SEED: markedSeed },
  },
  {
    what: "logins in URLs that are not taken",
    name: "mqtt-alerter",
    env: { NATS_URL: `nats://a,nats://user:${mark}@host`, MQTT_URL: `http://user:${mark}@host` },
  },
  {
    what: "a login in a URL that is cut by its own characters",
    name: "mqtt-alerter",
    env: { NATS_URL: `nats://user:a/${mark}@host`, MQTT_URL: `mqtt://user:a#${mark}@host` },
  },
  { what: "a login in a URL with a bare %", name: "mqtt-alerter", env: { MQTT_URL: `mqtt://user:${mark}%@host` } },
  { what: "a password in a URL without a user", name: "mqtt-alerter", env: { MQTT_URL: `mqtt://:${mark}@host` } },
  {
    what: "secrets in the files of settings that are none",
    name: "mqtt-alerter",
    env: Object.fromEntries(
      [
        "MQTT_QOS",
        "HTTP_HOST",
        "HTTP_PORT",
        "LOG_LEVEL",
        "MQTT_URL",
        "NATS_URL",
        "NATS_STREAM",
        "TASK_FAILURE_TOPIC",
      ].map((name) => [`${name}_FILE`, fileWith(`wrong-${name}`, `#${secretOf("file")}`)]),
    ),
  },
  {
    what: "TLS files that are broken",
    name: "mqtt-alerter",
    env: {
      MQTT_URL: "mqtts://host",
      MQTT_TLS_CA_FILE: markedPem,
      MQTT_TLS_CERT_FILE: clientCertFile,
      MQTT_TLS_KEY_FILE: markedKey,
      NATS_TLS_CA_FILE: markedFile,
      NATS_TLS_CERT_FILE: markedKey,
      NATS_TLS_KEY_FILE: markedPem,
    },
  },
];
for (const { what, name, env } of wrongSettings) {
  test(`refused settings show no secret: ${what}`, async (t) => {
    const { code, stdout, stderr } = await runToExit(t, name, { LOG_LEVEL: "trace", ...env });
    assert.equal(code, 78, stderr);
    assert.deepEqual(leaksIn(stdout + stderr), [], stderr);
  });
}
