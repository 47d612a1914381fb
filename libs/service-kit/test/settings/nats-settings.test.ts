import assert from "node:assert/strict";
import { test } from "node:test";
import { checkNatsSettings, describeSettings, type Environment, loadSettings, natsSettings } from "../../src/index.js";
import { folder } from "../fixtures/folder.js";
import { refused } from "../fixtures/refused.js";

const seed = `SU${"A".repeat(56)}`;

function problemsWith(env: Environment): readonly string[] {
  return refused(natsSettings, env, checkNatsSettings).problems.map(({ name, message }) => `${name}: ${message}`);
}

test("has the promised defaults, and accepts them when they are written out", () => {
  const values = loadSettings(natsSettings, {}, checkNatsSettings);
  const set = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  assert.deepEqual(set, {
    NATS_URL: ["nats://localhost:4222"],
    NATS_TLS_FIRST: false,
    NATS_STREAM: "SENSE_EVENTS",
    NATS_SUBJECT_PREFIX: "sense",
    NATS_STREAM_REPLICAS: 1,
    NATS_STREAM_MAX_AGE_HOURS: 168,
    NATS_STREAM_MAX_BYTES: 1_073_741_824,
    NATS_DEDUP_WINDOW_SECONDS: 600,
  });
  const written = describeSettings(natsSettings).filter(({ defaultText }) => defaultText !== "unset");
  const env = Object.fromEntries(written.map(({ name, defaultText }) => [name, defaultText]));
  assert.deepEqual(loadSettings(natsSettings, env, checkNatsSettings), values);
});

test("takes each way to log in by itself", (t) => {
  const creds = folder(t)("user.creds", "-----BEGIN NATS USER JWT-----");
  for (const env of [
    { NATS_USER: "sense", NATS_PASSWORD: "s3cret" },
    { NATS_TOKEN: "t0ken" },
    { NATS_CREDS_FILE: creds },
    { NATS_NKEY_SEED: `${seed}\n` },
  ]) {
    loadSettings(natsSettings, env, checkNatsSettings);
  }
});

test("asks for user and password together", () => {
  assert.deepEqual(problemsWith({ NATS_USER: "sense" }), ["NATS_PASSWORD: must be set together with NATS_USER"]);
  assert.deepEqual(problemsWith({ NATS_PASSWORD: "s3cret" }), ["NATS_USER: must be set together with NATS_PASSWORD"]);
});

test("refuses two ways to log in", () => {
  assert.deepEqual(problemsWith({ NATS_USER: "sense", NATS_PASSWORD: "s3cret", NATS_NKEY_SEED: seed }), [
    "NATS_NKEY_SEED: is one way to log in of 2 that are set: NATS_USER, NATS_NKEY_SEED; keep one",
  ]);
});

test("asks for certificate and key together", (t) => {
  const pem = folder(t)("nats.pem", "certificate");
  assert.deepEqual(problemsWith({ NATS_TLS_CERT_FILE: pem }), [
    "NATS_TLS_KEY_FILE: must be set together with NATS_TLS_CERT_FILE",
  ]);
  assert.deepEqual(problemsWith({ NATS_TLS_KEY_FILE: pem }), [
    "NATS_TLS_CERT_FILE: must be set together with NATS_TLS_KEY_FILE",
  ]);
});

test("asks for TLS where it is to come first", () => {
  assert.match(problemsWith({ NATS_TLS_FIRST: "true" }).join(), /^NATS_TLS_FIRST: needs TLS/);
  const { NATS_TLS_FIRST } = loadSettings(
    natsSettings,
    { NATS_TLS_FIRST: "true", NATS_URL: "tls://a" },
    checkNatsSettings,
  );
  assert.equal(NATS_TLS_FIRST, true);
});

test("keeps the deduplication window within the age of the stream", () => {
  const oneHour = { NATS_STREAM_MAX_AGE_HOURS: "1", NATS_DEDUP_WINDOW_SECONDS: "3600" };
  loadSettings(natsSettings, oneHour, checkNatsSettings);
  assert.deepEqual(problemsWith({ ...oneHour, NATS_DEDUP_WINDOW_SECONDS: "3601" }), [
    "NATS_DEDUP_WINDOW_SECONDS: must not be longer than NATS_STREAM_MAX_AGE_HOURS, which is 3600 seconds",
  ]);
});

test("reports a lone user although the age of the stream is wrong as well", () => {
  assert.deepEqual(
    problemsWith({ NATS_USER: "sense", NATS_STREAM_MAX_AGE_HOURS: "soon" }).map((line) => line.split(":")[0]),
    ["NATS_STREAM_MAX_AGE_HOURS", "NATS_PASSWORD"],
  );
});

test("refuses a login in NATS_URL, which the client would ignore, and any protocol but nats and tls", () => {
  loadSettings(natsSettings, { NATS_URL: "nats://a:4222,tls://b:4222" });
  assert.match(problemsWith({ NATS_URL: "nats://sense:hunter2@a:4222" }).join(), /set NATS_USER and NATS_PASSWORD/);
  assert.equal(problemsWith({ NATS_URL: "ws://a:4222" }).length, 1);
});

test("refuses names that NATS would refuse", () => {
  for (const name of ["SENSE.EVENTS", "SENSE EVENTS", "S*", "S>", "a/b", "a\\b"]) {
    assert.equal(problemsWith({ NATS_STREAM: name }).length, 1, name);
  }
  for (const prefix of ["sense.", ".sense", "a..b", "a b", "a.*", "a.>", "$JS"]) {
    assert.equal(problemsWith({ NATS_SUBJECT_PREFIX: prefix }).length, 1, prefix);
  }
  for (const domain of ["a.b", "a b", "*", "a/b"]) {
    assert.equal(problemsWith({ NATS_JETSTREAM_DOMAIN: domain }).length, 1, domain);
  }
  assert.equal(loadSettings(natsSettings, { NATS_SUBJECT_PREFIX: "prod.sense" }).NATS_SUBJECT_PREFIX, "prod.sense");
});

test("refuses an even number of replicas", () => {
  assert.match(problemsWith({ NATS_STREAM_REPLICAS: "2" }).join(), /NATS_STREAM_REPLICAS: must be one of 1, 3, 5/);
});

test("does not show a seed that it refuses", () => {
  const [problem = ""] = problemsWith({ NATS_NKEY_SEED: "SUHUNTER2" });
  assert.match(problem, /^NATS_NKEY_SEED: must be an NKey user seed/);
  assert.ok(!problem.includes("HUNTER2"), problem);
});
