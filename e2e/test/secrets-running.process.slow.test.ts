import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type Environment,
  eventually,
  freeTcpPort,
  makeCertificates,
  type Service,
  startMosquitto,
  startNats,
  startService,
  subscribeMqtt,
  tempDir,
} from "@sense-alerts/test-kit";
import { leaksIn as leaksOf, mark, markedSeed, secretOf } from "../src/secrets.js";
import { subscribeNats } from "../src/subscribe-nats.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const dir = tempDir(file);
const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../test/fixtures/${name}`, import.meta.url)), "utf8");

function fileWith(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

const creds = fixture("nats.creds");
const [, jwt = "", seed = ""] = /JWT-+\n(\S+)\n[\s\S]*?SEED-+\n(\S+)\n/.exec(creds) ?? [];
assert.match(seed, /^SU/);
const nkeySeed = fixture("nats-user.nkey").trim();
const leaksIn = (text: string) => leaksOf(text, [seed, nkeySeed, jwt.split(".")[2] ?? "no signature"]);
const markedFile = fileWith("marked", `${secretOf("file")}\n`);
const { clientCertFile, clientKeyFile, caFile } = makeCertificates(file);

/** All that a running service shows to anyone, and then its last words. */
async function everythingOf(service: Service): Promise<string> {
  const paths = ["/", "/metrics", "/readyz", "/livez", "/nowhere?x=y"];
  const pages = await Promise.all(paths.map(async (path) => (await service.get(path)).text()));
  await service.stop();
  return [...pages, JSON.stringify(service.logs), ...service.badLines, service.stderr()].join("\n");
}

test("the search finds a secret that a running service prints", async (t) => {
  const leak = "data:text/javascript,console.log(process.env.NATS_TOKEN)";
  const env = { NATS_TOKEN: secretOf("token"), NATS_URL: "nats://127.0.0.1:1", SHUTDOWN_TIMEOUT_SECONDS: "1" };
  const service = await startService(t, "udp-ingest", env, { nodeArgs: ["--import", leak], waitFor: "http" });
  assert.notDeepEqual(leaksIn(await everythingOf(service)), []);
});

const passwords = fileWith("passwords", "");
execFileSync("mosquitto_passwd", ["-b", passwords, "alerter", secretOf("right")], { stdio: "pipe" });
const [locked, plainMqtt, lockedNats, plainNats] = await Promise.all([
  startMosquitto(file, { config: `allow_anonymous false\npassword_file ${passwords}` }),
  startMosquitto(file),
  startNats(file, { config: `authorization { user: u, password: ${JSON.stringify(secretOf("right"))} }` }),
  startNats(file),
]);
const closed = await freeTcpPort();

const running: readonly { what: string; env: Environment; reasons: readonly RegExp[] }[] = [
  {
    what: "refused passwords",
    env: {
      NATS_URL: lockedNats.url,
      NATS_USER: "u",
      NATS_PASSWORD: secretOf("nats"),
      MQTT_URL: locked.url,
      MQTT_USERNAME: "alerter",
      MQTT_PASSWORD: secretOf("mqtt"),
    },
    reasons: [/refused the login/, /does not let this user in/],
  },
  {
    what: "a refused token, and a refused password over MQTT 3.1.1",
    env: {
      NATS_URL: lockedNats.url,
      NATS_TOKEN_FILE: markedFile,
      MQTT_URL: `mqtt://alerter:${mark}@127.0.0.1:${locked.port}`,
      MQTT_PROTOCOL_VERSION: "4",
    },
    // A broker may answer a wrong password with return code 4 or, as mosquitto does, with 5.
    reasons: [/refused the login/, /does not let this user in \(check MQTT_USERNAME, MQTT_PASSWORD/],
  },
  {
    what: "a seed with a wrong check sum, and a broker that is not there",
    env: {
      NATS_URL: plainNats.url,
      NATS_NKEY_SEED: markedSeed,
      MQTT_URL: `mqtt://alerter:${mark}@127.0.0.1:${closed}`,
    },
    reasons: [/is no seed/, /nobody listens/],
  },
  {
    what: "a seed that is refused, and TLS with a broker that speaks none",
    env: {
      NATS_URL: lockedNats.url,
      NATS_NKEY_SEED: nkeySeed,
      MQTT_URL: `mqtts://alerter:${mark}@127.0.0.1:${plainMqtt.port}`,
      MQTT_TLS_CA_FILE: caFile,
      MQTT_TLS_CERT_FILE: clientCertFile,
      MQTT_TLS_KEY_FILE: clientKeyFile,
    },
    reasons: [/refused the login/, /TLS|connection/],
  },
  {
    what: "credentials that are refused, and a web socket with a broker that has none",
    env: {
      NATS_URL: lockedNats.url,
      NATS_CREDS_FILE: fileWith("user.creds", creds),
      MQTT_URL: `wss://alerter:${mark}@127.0.0.1:${plainMqtt.port}/mqtt?token=${mark}`,
    },
    reasons: [/refused the login/, /TLS|connection/],
  },
  {
    what: "credentials that are broken, and host names that do not exist",
    env: {
      NATS_URL: "nats://nats.invalid:4222",
      NATS_CREDS_FILE: fileWith("broken.creds", creds.replace(/SU[A-Z2-7]{56}/, secretOf("seed"))),
      MQTT_URL: `mqtt://alerter:${mark}@mqtt.invalid`,
    },
    reasons: [/holds no JWT and seed/, /host name/],
  },
  {
    what: "passwords for servers that are not there",
    env: {
      NATS_URL: `nats://nats.invalid:4222,tls://127.0.0.1:${plainNats.port}`,
      NATS_USER: "u",
      NATS_PASSWORD: secretOf("nats"),
      MQTT_URL: `ws://127.0.0.1:${plainMqtt.port}`,
      MQTT_USERNAME: "alerter",
      MQTT_PASSWORD_FILE: markedFile,
    },
    reasons: [/./, /./],
  },
];
for (const { what, env, reasons } of running) {
  for (const pretty of what === "refused passwords" ? ["false", "true"] : ["false"]) {
    test(`a service that waits shows no secret (LOG_PRETTY=${pretty}): ${what}`, async (t) => {
      const httpPort = await freeTcpPort();
      const own = { ...env, LOG_LEVEL: "trace", LOG_PRETTY: pretty, HTTP_PORT: String(httpPort) };
      const alerter = await startService(t, "mqtt-alerter", own);
      const output = () => [JSON.stringify(alerter.logs), ...alerter.badLines].join("\n");
      await eventually(() => {
        for (const reason of [/waiting for nats/, /waiting for the broker/, ...reasons]) assert.match(output(), reason);
      });
      const pages = await Promise.all(
        ["/", "/metrics", "/readyz", "/livez", "/x"].map(async (path) =>
          (await fetch(`http://127.0.0.1:${httpPort}${path}`)).text(),
        ),
      );
      await alerter.stop();
      const shown = [output(), alerter.stderr(), ...pages].join("\n");
      assert.deepEqual(leaksIn(shown), [], shown);
    });
  }
}

for (const crash of ["throw new Error('planted')", "Promise.reject('planted')"]) {
  test(`a service that is let in and then crashes shows no secret (${crash})`, async (t) => {
    const subscriber = await subscribeMqtt(t, {
      port: locked.port,
      topics: ["#"],
      args: ["-u", "alerter", "-P", secretOf("right")],
    });
    const alerter = await startService(
      t,
      "mqtt-alerter",
      {
        NATS_URL: lockedNats.url,
        NATS_USER: "u",
        NATS_PASSWORD: secretOf("right"),
        MQTT_URL: `mqtt://alerter:${encodeURIComponent(secretOf("right"))}@127.0.0.1:${locked.port}`,
        LOG_LEVEL: "trace",
      },
      { nodeArgs: ["--import", `data:text/javascript,process.on("SIGUSR2",()=>{${crash}})`], waitFor: "ready" },
    );
    const pages = await Promise.all(["/", "/metrics", "/readyz"].map(async (path) => (await alerter.get(path)).text()));
    const names = await (await fetch(`${lockedNats.monitorUrl}/connz?auth=1`)).text();
    assert.match(names, /mqtt-alerter/);
    alerter.kill("SIGUSR2");
    const { code } = await alerter.exited;
    assert.equal(code, 1);
    assert.ok(alerter.logs.some(({ msg }) => msg === "uncaught exception"));
    const published = subscriber.messages.map(({ topic, text, userProperties }) =>
      JSON.stringify([topic, text, userProperties]),
    );
    assert.notEqual(published.length, 0);
    const shown = [
      JSON.stringify(alerter.logs),
      ...alerter.badLines,
      alerter.stderr(),
      ...pages,
      names,
      ...published,
    ].join("\n");
    assert.deepEqual(leaksIn(shown), [], shown);
  });
}

test("nothing that udp-ingest publishes on NATS holds a secret of its settings", async (t) => {
  const onNats = await subscribeNats(t, plainNats.port, "sense.>");
  const env = { NATS_URL: plainNats.url, NATS_USER: "u", NATS_PASSWORD: secretOf("nats"), LOG_LEVEL: "trace" };
  const ingest = await startService(t, "udp-ingest", env, { waitFor: "ready" });
  await eventually(() => assert.notEqual(onNats.messages.length, 0));
  const shown = await everythingOf(ingest);
  const published = onNats.messages.map(({ subject, headers, payload }) =>
    JSON.stringify([subject, headers, payload.toString()]),
  );
  assert.deepEqual(leaksIn([shown, ...published].join("\n")), []);
});
