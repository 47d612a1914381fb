import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { describeSettings, type Environment, SettingsError } from "@sense-alerts/service-kit";
import { tempDir } from "@sense-alerts/test-kit";
import { readSettings, udpIngestSettings } from "../src/settings.js";

const defaults = {
  UDP_HOST: "0.0.0.0",
  UDP_PORT: 9998,
  UDP_RECEIVE_BUFFER_BYTES: 8_388_608,
  UDP_MAX_DATAGRAM_BYTES: 65_507,
  UDP_ALLOWED_SOURCES: [],
  UDP_FALLBACK_ENCODING: "windows-1252",
  UDP_SOURCE_RATE_PER_SECOND: undefined,
  SENSE_TIMEZONE: undefined,
  BUFFER_MAX_EVENTS: 100_000,
  BUFFER_MAX_BYTES: 64 * 1024 * 1024,
  UDP_DRAIN_SECONDS: 0,
  SPOOL_DIR: undefined,
  SPOOL_MAX_BYTES: 1024 * 1024 * 1024,
  NATS_URL: ["nats://localhost:4222"],
  NATS_USER: undefined,
  NATS_PASSWORD: undefined,
  NATS_TOKEN: undefined,
  NATS_CREDS_FILE: undefined,
  NATS_NKEY_SEED: undefined,
  NATS_TLS_CA_FILE: undefined,
  NATS_TLS_CERT_FILE: undefined,
  NATS_TLS_KEY_FILE: undefined,
  NATS_TLS_FIRST: false,
  NATS_JETSTREAM_DOMAIN: undefined,
  NATS_STREAM: "SENSE_EVENTS",
  NATS_SUBJECT_PREFIX: "sense",
  NATS_STREAM_REPLICAS: 1,
  NATS_STREAM_MAX_AGE_HOURS: 168,
  NATS_STREAM_MAX_BYTES: 1024 * 1024 * 1024,
  NATS_DEDUP_WINDOW_SECONDS: 600,
  HTTP_HOST: "0.0.0.0",
  HTTP_PORT: 8080,
  LOG_LEVEL: "info",
  LOG_PRETTY: "auto",
  STATUS_PAGE: "auto",
  INSTANCE_ID: hostname(),
  SHUTDOWN_TIMEOUT_SECONDS: 20,
};
const names = Object.keys(defaults);

/** Some values that each setting must not take. Those that are any text are right by themselves, whatever they hold. */
const wrong: Readonly<Record<string, readonly string[]>> = {
  UDP_HOST: ["0.0.0.0:9998", "udp://0.0.0.0", "0.0.0", "all of them"],
  UDP_PORT: ["-1", "65536", "9998a", "9998.5", "udp", "0x270e"],
  UDP_RECEIVE_BUFFER_BYTES: ["4095", "1073741825", "8 MiB", "8e6"],
  UDP_MAX_DATAGRAM_BYTES: ["0", "65508", "64k"],
  UDP_ALLOWED_SOURCES: ["10.0.0.256", "10.0.0.0/33", "sense1,,sense2", ",", "10.0.0.5;10.0.0.6"],
  UDP_SOURCE_RATE_PER_SECOND: ["0", "1000001", "500/s"],
  UDP_FALLBACK_ENCODING: ["windows-9999", "utf-16le", "iso-2022-jp"],
  SENSE_TIMEZONE: ["Europe/Atlantis", "Swedish time", "UTC+25"],
  BUFFER_MAX_EVENTS: ["0", "10000001", "many"],
  BUFFER_MAX_BYTES: ["65535", "64 MiB", "-1"],
  UDP_DRAIN_SECONDS: ["-1", "3601", "11", "5s"],
  SPOOL_DIR: ["spool", "./spool", "../spool"],
  SPOOL_MAX_BYTES: ["1048575", "1 GiB", "-1"],
  NATS_URL: ["localhost:4222", "http://localhost:4222", "nats://", "nats://user:secret@localhost:4222"],
  NATS_CREDS_FILE: ["/does/not/exist"],
  NATS_NKEY_SEED: ["SUABC", "not a seed"],
  NATS_TLS_CA_FILE: ["/does/not/exist"],
  NATS_TLS_CERT_FILE: ["/does/not/exist"],
  NATS_TLS_KEY_FILE: ["/does/not/exist"],
  NATS_TLS_FIRST: ["perhaps"],
  NATS_JETSTREAM_DOMAIN: ["a.b", "two words", "*"],
  NATS_STREAM: ["SENSE.EVENTS", "SENSE EVENTS", "*"],
  NATS_SUBJECT_PREFIX: ["sense.", ".sense", "sense.>", "$JS", "two words"],
  NATS_STREAM_REPLICAS: ["0", "2", "6", "three"],
  NATS_STREAM_MAX_AGE_HOURS: ["0", "72h", "87601"],
  NATS_STREAM_MAX_BYTES: ["1023", "1 GiB"],
  NATS_DEDUP_WINDOW_SECONDS: ["0", "604801", "10m"],
  HTTP_HOST: ["localhost:8080", "*", "http://localhost"],
  HTTP_PORT: ["-1", "65536", "http"],
  LOG_LEVEL: ["loud", "information"],
  LOG_PRETTY: ["perhaps"],
  STATUS_PAGE: ["on"],
  INSTANCE_ID: ["two words", "a/b", "é", "x".repeat(129)],
  SHUTDOWN_TIMEOUT_SECONDS: ["0", "3601", "20s"],
};
const anyText = ["NATS_USER", "NATS_PASSWORD", "NATS_TOKEN"];

function problemsOf(env: Environment): readonly string[] {
  try {
    readSettings(env);
  } catch (error) {
    assert(error instanceof SettingsError);
    return error.problems.map(({ name, message }) => {
      assert(error.message.includes(`${name}: ${message}`), error.message);
      return name;
    });
  }
  return [];
}

test("has these settings with these defaults, and no other", () => {
  assert.deepEqual(readSettings({}), defaults);
});

test("takes its own defaults when they are written out", () => {
  const written = describeSettings(udpIngestSettings).filter(
    ({ defaultText }) => !["any", "unset"].includes(defaultText),
  );
  assert.deepEqual(
    readSettings(Object.fromEntries(written.map(({ name, defaultText }) => [name, defaultText]))),
    defaults,
  );
});

test("takes the examples that its own settings give", () => {
  for (const { name, example } of describeSettings(udpIngestSettings)) {
    assert.notEqual(example, undefined, name);
    assert.deepEqual(problemsOf({ [name]: example }), []);
  }
});

test("counts an empty or blank variable as unset, each of them", () => {
  for (const blank of ["", "  ", "\n"]) {
    const env = Object.fromEntries(
      names.flatMap((name) => [[name, blank], ...(isFile(name) ? [] : [[`${name}_FILE`, blank]])]),
    );
    assert.deepEqual(readSettings(env), defaults);
  }
});

test("names the setting that has a wrong value, each of them", () => {
  assert.deepEqual(names.filter((name) => !(name in wrong)).toSorted(), anyText.toSorted());
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const [first, ...others] = problemsOf({ [name]: value });
      assert.equal(first, name, `${name}=${value}`);
      assert.deepEqual(others, [], `${name}=${value}`);
    }
  }
});

test("names all settings that are wrong at once", () => {
  const env = Object.fromEntries(Object.entries(wrong).map(([name, [value]]) => [name, value]));
  assert.deepEqual(problemsOf(env).toSorted(), Object.keys(wrong).toSorted());
});

test("names a login that is half of one, or one of two", () => {
  assert.deepEqual(problemsOf({ NATS_USER: "sense" }), ["NATS_PASSWORD"]);
  assert.deepEqual(problemsOf({ NATS_PASSWORD: "s3cret" }), ["NATS_USER"]);
  assert.deepEqual(problemsOf({ NATS_USER: "sense", NATS_PASSWORD: "s3cret", NATS_TOKEN: "t0ken" }), ["NATS_TOKEN"]);
});

test("takes each setting from a file that <name>_FILE names", (t) => {
  const dir = tempDir(t);
  const values: Environment = { UDP_PORT: "1234", UDP_ALLOWED_SOURCES: "10.0.0.5", SENSE_TIMEZONE: "Europe/Stockholm" };
  for (const [name, value] of Object.entries(values)) {
    const path = join(dir, name);
    writeFileSync(path, `${value}\n`);
    assert.deepEqual(readSettings({ [`${name}_FILE`]: path }), readSettings({ [name]: value }));
    assert.notDeepEqual(readSettings({ [name]: value }), defaults);
  }
});

test("names a file that is not there, for each setting that can have one", () => {
  for (const name of names.filter((one) => !isFile(one))) {
    assert.deepEqual(problemsOf({ [`${name}_FILE`]: "/does/not/exist" }), [`${name}_FILE`]);
  }
});

test("refuses a setting that is set by itself and by a file", (t) => {
  const path = join(tempDir(t), "port");
  writeFileSync(path, "1234");
  assert.deepEqual(problemsOf({ UDP_PORT: "1234", UDP_PORT_FILE: path }), ["UDP_PORT"]);
});

test("takes both families, a free port and the ends of each range", () => {
  for (const env of [
    { UDP_HOST: "::", UDP_PORT: "0", HTTP_PORT: "0" },
    { UDP_HOST: "localhost", UDP_PORT: "65535" },
    {
      UDP_RECEIVE_BUFFER_BYTES: "4096",
      UDP_MAX_DATAGRAM_BYTES: "1",
      BUFFER_MAX_EVENTS: "1",
      BUFFER_MAX_BYTES: "65536",
    },
    { UDP_RECEIVE_BUFFER_BYTES: "1073741824", BUFFER_MAX_EVENTS: "10000000", SENSE_TIMEZONE: " UTC " },
    { UDP_FALLBACK_ENCODING: " Shift_JIS " },
  ]) {
    assert.deepEqual(problemsOf(env), []);
  }
});

test("reads the allowed sources with blanks around the commas", () => {
  assert.deepEqual(readSettings({ UDP_ALLOWED_SOURCES: " 10.0.0.5 , fd00::/8, sense1 " }).UDP_ALLOWED_SOURCES, [
    { kind: "network", address: "10.0.0.5", prefix: 32, family: "ipv4" },
    { kind: "network", address: "fd00::", prefix: 8, family: "ipv6" },
    { kind: "host", name: "sense1" },
  ]);
});

function isFile(name: string): boolean {
  return name.endsWith("_FILE");
}
