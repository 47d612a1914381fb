import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { type Environment, makeCertificates, runToExit, type ServiceName, tempDir } from "@sense-alerts/test-kit";

const file = { after };
const dir = tempDir(file);
const secret = "hunter2";

function fileWith(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

type WrongValue = readonly [value: string, allowed: RegExp];
const missing = join(dir, "missing");
const noFile: WrongValue = [missing, /the file .*missing does not exist .*check the path/];
const toggle: WrongValue = ["perhaps", /must be true or false/];
const wildcard: WrongValue = ["qliksense/#", /must be a topic to publish to: no \+, #/];

const wrongOfBoth: Readonly<Record<string, WrongValue>> = {
  NATS_URL: [`nats://localhost, http://sense:${secret}@nats`, /must be a URL that starts with nats:\/\/ or tls:\/\//],
  NATS_CREDS_FILE: noFile,
  NATS_NKEY_SEED: [`SU${secret}`, /must be an NKey user seed: 58 capital letters and digits/],
  NATS_TLS_CA_FILE: [dir, /is not a file/],
  NATS_TLS_CERT_FILE: noFile,
  NATS_TLS_KEY_FILE: noFile,
  NATS_TLS_FIRST: toggle,
  NATS_JETSTREAM_DOMAIN: ["a.b", /must be a JetStream domain/],
  NATS_STREAM: ["SENSE.EVENTS", /must be a stream name: at most 255 characters/],
  NATS_SUBJECT_PREFIX: ["sense.>", /must be tokens with dots between them/],
  NATS_STREAM_REPLICAS: ["2", /must be one of 1, 3, 5/],
  NATS_STREAM_MAX_AGE_HOURS: ["0", /must be a whole number from 1 to 87600/],
  NATS_STREAM_MAX_BYTES: ["1GiB", /must be a whole number of bytes of at least 1024/],
  NATS_DEDUP_WINDOW_SECONDS: ["1.5", /must be a whole number from 1 to 604800/],
  HTTP_HOST: ["localhost:8080", /must be an IP address or a host name, without a port/],
  HTTP_PORT: ["65536", /must be a whole number from 0 to 65535/],
  LOG_LEVEL: ["verbose", /must be one of trace, debug, info, warn, error, fatal, silent/],
  LOG_PRETTY: ["maybe", /must be auto, true or false/],
  STATUS_PAGE: ["on", /must be one of auto, full, counts, off/],
  INSTANCE_ID: ["a/b", /must be 1 to 128 characters, each a letter/],
  SHUTDOWN_TIMEOUT_SECONDS: ["20s", /must be a whole number from 1 to 3600/],
};
const wrongOf: Readonly<Record<ServiceName, Readonly<Record<string, WrongValue>>>> = {
  "udp-ingest": {
    UDP_HOST: ["0.0.0.0:9998", /must be an IP address or a host name, without a port/],
    UDP_PORT: ["-1", /must be a whole number from 0 to 65535/],
    UDP_RECEIVE_BUFFER_BYTES: ["8M", /must be a whole number of bytes from 4096 to 1073741824/],
    UDP_MAX_DATAGRAM_BYTES: ["65508", /must be a whole number of bytes from 1 to 65507/],
    UDP_ALLOWED_SOURCES: ["10.0.0.5,10.0.0.0/33", /must hold CIDR ranges with a prefix from 0 to 32/],
    UDP_SOURCE_RATE_PER_SECOND: ["0", /must be a whole number from 1 to 1000000/],
    UDP_FALLBACK_ENCODING: ["utf-16le", /must be the name of an encoding that has ASCII in it/],
    SENSE_TIMEZONE: ["Stockholm", /must be the IANA name of a time zone/],
    UDP_DRAIN_SECONDS: ["-1", /must be a whole number from 0 to 3600/],
    BUFFER_MAX_EVENTS: ["0", /must be a whole number from 1 to 10000000/],
    BUFFER_MAX_BYTES: ["64", /must be a whole number of bytes of at least 65536/],
    SPOOL_DIR: ["spool", /must be an absolute path/],
    SPOOL_MAX_BYTES: ["1GiB", /must be a whole number of bytes of at least 1048576/],
  },
  "mqtt-alerter": {
    NATS_CONSUMER: ["mqtt.alerter", /must be letters, digits, - and _/],
    MQTT_URL: [`tcp://sense:${secret}@broker`, /must be a URL that starts with mqtt:\/\/ or mqtts:\/\/ or ws/],
    MQTT_PROTOCOL_VERSION: ["3", /must be one of auto, 5, 4/],
    MQTT_QOS: ["3", /must be one of 0, 1/],
    MQTT_RETAIN: toggle,
    MQTT_MESSAGE_EXPIRY_SECONDS: ["0", /must be a whole number from 1 to 4294967295/],
    ALERT_MAX_AGE_MINUTES: ["0", /must be a whole number from 1 to 525600/],
    MQTT_KEEPALIVE_SECONDS: ["65536", /must be a whole number from 1 to 65535/],
    MQTT_TLS_CA_FILE: noFile,
    MQTT_TLS_CERT_FILE: [dir, /is not a file/],
    MQTT_TLS_KEY_FILE: noFile,
    MQTT_TLS_INSECURE: toggle,
    MQTT_MAX_INFLIGHT: ["0", /must be a whole number from 1 to 65535/],
    MQTT_PUBACK_TIMEOUT_SECONDS: ["3601", /must be a whole number from 1 to 3600/],
    MQTT_REFUSED_AFTER_MINUTES: ["0", /must be a whole number from 1 to 10080/],
    MQTT_STATUS_TOPIC: ["qliksense/{taskName}", /must use the placeholders \{instanceId\} only/],
    MQTT_STATUS_ON_STOP: ["online", /must be one of offline, clear/],
    TASK_FAILURE_TOPIC: wildcard,
    TASK_FAILURE_SEND_FULL: toggle,
    TASK_FAILURE_FULL_TOPIC: ["q/{nothing}", /must use the placeholders \{hostName\} .* only \(found \{nothing\}\)/],
    TASK_FAILURE_SERVER_STATUS_TOPIC: ["q/{taskName}", /must hold no placeholders \(found \{taskName\}\)/],
    TASK_ABORTED_TOPIC: ["{taskName}", /must hold some fixed text/],
    TASK_ABORTED_SEND_FULL: toggle,
    TASK_ABORTED_FULL_TOPIC: ["q/{taskName", /must have its braces in pairs/],
    TASK_SUCCESS_TOPIC: ["qliksense/+", wildcard[1]],
    TASK_SUCCESS_SEND_FULL: toggle,
    TASK_SUCCESS_FULL_TOPIC: ["a\tb", wildcard[1]],
    TOPIC_SPACE_REPLACEMENT: ["a b", /must be text without a blank/],
    TASK_START_ENABLE: toggle,
    SUBSCRIPTION_ROOT_TOPIC: ["qliksense/#/x", /must be a topic filter: \+ and # as whole levels, # as the last one/],
    TASK_START_TOPIC: wildcard,
    TASK_START_RESULT_TOPIC: ["$SYS/result", /must not begin with \$/],
    TASK_START_ALLOWED_IDS: ["reload of sales", /must be task GUIDs with commas between them/],
    TASK_START_ALLOWED_TAGS: [",", /must be a list with commas between its entries/],
    TASK_START_ALLOWED_CUSTOM_PROPERTIES: ["StartByMqtt", /must be name=value with commas between them/],
    TASK_START_ALLOW_ANY: toggle,
    QRS_URL: [`http://sense:${secret}@sense.example.com`, /must be a URL that starts with https:\/\//],
    QRS_CERT_FILE: noFile,
    QRS_KEY_FILE: noFile,
    QRS_CA_FILE: [dir, /is not a file/],
    QRS_TLS_INSECURE: toggle,
    QRS_USER: ["sa_repository", /must be of the form UserDirectory=<directory>;UserId=<user>/],
    QRS_TIMEOUT_SECONDS: ["301", /must be a whole number from 1 to 300/],
    QRS_CACHE_SECONDS: ["-1", /must be a whole number from 0 to 86400/],
    QRS_SCRIPT_LOG_LINES: ["1001", /must be a whole number from 0 to 1000/],
    ALERT_TASK_TYPES: ["reload,all", /must be a comma list of reload, externalprogram, usersync, distribute, preload/],
  },
};
/** Any text is right for these; they are wrong when they are set twice. */
const anyText: Readonly<Record<ServiceName, readonly string[]>> = {
  "udp-ingest": ["NATS_USER", "NATS_PASSWORD", "NATS_TOKEN"],
  "mqtt-alerter": ["MQTT_USERNAME", "MQTT_PASSWORD", "MQTT_CLIENT_ID"],
};

/**
 * Runs the service with these settings and checks what holds for any wrong ones. Gives stderr's line on each variable.
 */
async function refusalOf(t: TestContext, name: ServiceName, env: Environment): Promise<ReadonlyMap<string, string>> {
  const { code, stdout, stderr } = await runToExit(t, name, env);
  assert.equal(code, 78, stderr);
  assert.equal(stdout, "");
  assert.doesNotMatch(stderr, new RegExp(secret));
  const [heading = "", blank, ...problems] = stderr.trimEnd().split("\n");
  const count = problems.length === 1 ? "1 setting is wrong." : `${problems.length} settings are wrong.`;
  assert.deepEqual([heading, blank], [`${name} cannot start: ${count}`, ""]);
  assert.ok(problems.length + 2 <= 40, "all fits on one screen");
  const lines = new Map(problems.map((line) => [/^ {2}([A-Z_]+): /.exec(line)?.[1] ?? line, line]));
  assert.equal(lines.size, problems.length, "each variable has one line");
  for (const line of problems) assert.match(line, /\. Example: [A-Z_]+=\S+$/);
  return lines;
}

/** The value, and a file that holds another. */
function setTwice(name: string): Environment {
  return { [name]: secret, [`${name}_FILE`]: fileWith(name, secret) };
}

function partOf(all: Readonly<Record<string, WrongValue>>, wanted: (variable: string) => boolean): typeof all {
  return Object.fromEntries(Object.entries(all).filter(([variable]) => wanted(variable)));
}

/** Some runs, since the list of all would not fit on a screen. */
const wrongRuns: readonly { name: ServiceName; values: Readonly<Record<string, WrongValue>> }[] = [
  {
    name: "udp-ingest",
    values: { ...wrongOf["udp-ingest"], ...partOf(wrongOfBoth, (name) => !/^NATS_/.test(name)) },
  },
  { name: "udp-ingest", values: partOf(wrongOfBoth, (name) => /^NATS_/.test(name)) },
  {
    name: "mqtt-alerter",
    values: partOf(wrongOf["mqtt-alerter"], (name) => /^(QRS|TASK_START|SUBSCRIPTION)_/.test(name)),
  },
  {
    name: "mqtt-alerter",
    values: partOf(wrongOf["mqtt-alerter"], (name) => !/^(QRS|TASK_START|SUBSCRIPTION)_/.test(name)),
  },
];
for (const { name, values } of wrongRuns) {
  test(`${name} lists every wrong setting with what is allowed and an example, and exits with 78 (${Object.keys(values)[0]} …)`, async (t) => {
    const twice = anyText[name];
    const given = Object.fromEntries(Object.entries(values).map(([variable, [value]]) => [variable, value]));
    const lines = await refusalOf(t, name, Object.assign({}, given, ...twice.map(setTwice)));
    assert.deepEqual([...lines.keys()].toSorted(), [...Object.keys(values), ...twice].toSorted());
    for (const [variable, [, allowed]] of Object.entries(values)) {
      const line = lines.get(variable) ?? "";
      assert.match(line, allowed);
      const shown = variable === "NATS_NKEY_SEED" ? `${variable}_FILE` : variable;
      assert.match(line, new RegExp(`\\. Example: ${shown}=\\S+$`));
    }
    for (const variable of twice) {
      assert.match(lines.get(variable) ?? "", new RegExp(`set both here and by ${variable}_FILE; keep one`));
    }
  });
}

test("mqtt-alerter refuses what udp-ingest refuses of the settings that both have", async (t) => {
  const given = Object.fromEntries(Object.entries(wrongOfBoth).map(([variable, [value]]) => [variable, value]));
  const lines = await refusalOf(t, "mqtt-alerter", given);
  assert.deepEqual([...lines.keys()].toSorted(), Object.keys(wrongOfBoth).toSorted());
});

test("every setting in docs/settings.md has a wrong value here", () => {
  const page = readFileSync(new URL("../../../docs/settings.md", import.meta.url), "utf8");
  const documented = Array.from(page.matchAll(/^\| `([A-Z_]+)` \|/gm), ([, name = ""]) => name);
  const refused = [wrongOfBoth, ...Object.values(wrongOf)].flatMap((values) => Object.keys(values));
  const inThisFile = new Set([...refused, ...Object.values(anyText).flat()]);
  assert.ok(documented.length > 50, `${documented.length} settings`);
  assert.deepEqual(
    documented.filter((name) => !inThisFile.has(name)),
    [],
  );
});

const { clientCertFile, serverKeyFile } = makeCertificates(file);
const together: readonly { name: ServiceName; env: Environment; wrong: Readonly<Record<string, RegExp>> }[] = [
  {
    name: "udp-ingest",
    env: {
      NATS_USER: "sense",
      NATS_TOKEN: secret,
      NATS_TLS_CERT_FILE: clientCertFile,
      NATS_STREAM_MAX_AGE_HOURS: "1",
      NATS_DEDUP_WINDOW_SECONDS: "3601",
    },
    wrong: {
      NATS_PASSWORD: /must be set together with NATS_USER/,
      NATS_TOKEN: /one way to log in of 2 that are set: NATS_USER, NATS_TOKEN; keep one/,
      NATS_TLS_KEY_FILE: /must be set together with NATS_TLS_CERT_FILE/,
      NATS_DEDUP_WINDOW_SECONDS: /must not be longer than NATS_STREAM_MAX_AGE_HOURS, which is 3600 seconds/,
    },
  },
  {
    name: "mqtt-alerter",
    env: {
      NATS_PASSWORD: secret,
      NATS_TLS_KEY_FILE: serverKeyFile,
      MQTT_URL: "mqtt://localhost",
      MQTT_PASSWORD: secret,
      MQTT_TLS_CERT_FILE: clientCertFile,
      MQTT_TLS_KEY_FILE: serverKeyFile,
      MQTT_PROTOCOL_VERSION: "4",
      MQTT_MESSAGE_EXPIRY_SECONDS: "60",
      QRS_CERT_FILE: clientCertFile,
      QRS_KEY_FILE: serverKeyFile,
      ALERT_TASK_TYPES: "reload",
    },
    wrong: {
      NATS_USER: /must be set together with NATS_PASSWORD/,
      NATS_TLS_CERT_FILE: /must be set together with NATS_TLS_KEY_FILE/,
      MQTT_USERNAME: /must be set together with MQTT_PASSWORD/,
      MQTT_TLS_CERT_FILE: /must be a certificate \(PEM\) that MQTT_TLS_KEY_FILE fits/,
      MQTT_URL: /must start with mqtts:\/\/ or wss:\/\/ when MQTT_TLS_CERT_FILE is set/,
      MQTT_MESSAGE_EXPIRY_SECONDS: /must not be set with MQTT_PROTOCOL_VERSION=4/,
      QRS_CERT_FILE: /must be a certificate \(PEM\) that QRS_KEY_FILE fits/,
      QRS_URL: /must be set together with ALERT_TASK_TYPES/,
    },
  },
  {
    name: "mqtt-alerter",
    env: { TASK_START_ENABLE: "true", TASK_START_TOPIC: "acme/start", TASK_START_RESULT_TOPIC: "acme/start" },
    wrong: {
      QRS_URL: /must be set when TASK_START_ENABLE is: QRS starts the tasks/,
      TASK_START_TOPIC: /must lie under SUBSCRIPTION_ROOT_TOPIC, which is qliksense\/#/,
      TASK_START_RESULT_TOPIC: /must be another topic than TASK_START_TOPIC/,
    },
  },
];
for (const { name, env, wrong } of together) {
  test(`${name} lists the settings that do not go together: ${Object.keys(wrong).join(", ")}`, async (t) => {
    const lines = await refusalOf(t, name, env);
    assert.deepEqual([...lines.keys()].toSorted(), Object.keys(wrong).toSorted());
    for (const [variable, complaint] of Object.entries(wrong)) assert.match(lines.get(variable) ?? "", complaint);
  });
}

test("a _FILE variable whose file is missing, a folder, empty or holds a wrong value is named, without what it holds", async (t) => {
  const lines = await refusalOf(t, "mqtt-alerter", {
    MQTT_PASSWORD_FILE: missing,
    MQTT_USERNAME_FILE: dir,
    NATS_TOKEN_FILE: fileWith("empty", "\n"),
    MQTT_QOS_FILE: fileWith("qos", `${secret}\n`),
  });
  assert.match(lines.get("MQTT_PASSWORD_FILE") ?? "", /does not exist/);
  assert.match(lines.get("MQTT_USERNAME_FILE") ?? "", /is not a file/);
  assert.match(lines.get("NATS_TOKEN_FILE") ?? "", /is empty/);
  assert.match(lines.get("MQTT_QOS") ?? "", /must be one of 0, 1 \(read from the file .*qos\)/);
  assert.equal(lines.size, 4);
});

for (const name of ["udp-ingest", "mqtt-alerter"] as const) {
  test(`${name} opens no port and calls nobody while a setting is wrong`, async (t) => {
    let calls = 0;
    const server = createServer(() => calls++).listen(0, "127.0.0.1");
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    t.after(() => void server.close());
    t.after(() => void socket.close());
    await Promise.all([once(server, "listening"), once(socket, "listening")]);
    const { port } = server.address() as AddressInfo;
    // Ports that are taken: who tries to open them says so on stdout.
    const ports = { HTTP_PORT: String(port), UDP_PORT: String(socket.address().port) };
    const urls = { NATS_URL: `nats://127.0.0.1:${port}`, MQTT_URL: `mqtt://127.0.0.1:${port}` };
    const lines = await refusalOf(t, name, { ...ports, ...urls, LOG_LEVEL: "loud" });
    assert.deepEqual([...lines.keys()], ["LOG_LEVEL"]);
    assert.equal(calls, 0);
  });
}
