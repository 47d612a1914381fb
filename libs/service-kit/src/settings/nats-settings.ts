import { readableFile } from "./file-settings.js";
import { bytes, wholeNumber } from "./number-settings.js";
import type { SettingsOf } from "./setting.js";
import { checkEach, type SettingsCheck } from "./settings-check.js";
import { oneOf, parsed, secretText, text, toggle } from "./text-settings.js";
import { tlsFilesCheck } from "./tls-files-check.js";
import { urlList } from "./url-settings.js";

/** The settings of every service that speaks to NATS. */
export const natsSettings = {
  NATS_URL: urlList({
    protocols: ["nats", "tls"],
    // The client library would pass over them without a word.
    loginBelongsIn: "NATS_USER and NATS_PASSWORD, or NATS_TOKEN",
    default: ["nats://localhost:4222"],
    desc: "NATS servers, with commas between them",
  }),
  NATS_USER: text({
    default: undefined,
    example: "sense-alerts",
    desc: "User for NATS, together with NATS_PASSWORD",
  }),
  NATS_PASSWORD: secretText({ default: undefined, desc: "Password of NATS_USER" }),
  NATS_TOKEN: secretText({ default: undefined, desc: "Token to log in to NATS" }),
  NATS_CREDS_FILE: readableFile({
    default: undefined,
    example: "/run/secrets/nats.creds",
    desc: "Credentials file (JWT and seed) to log in to NATS",
  }),
  NATS_NKEY_SEED: parsed(parseNkeySeed, {
    allowed: "an NKey user seed: 58 capital letters and digits that start with SU",
    secret: true,
    default: undefined,
    desc: "NKey user seed to log in to NATS",
  }),
  NATS_TLS_CA_FILE: readableFile({
    default: undefined,
    example: "/run/secrets/nats-ca.pem",
    desc: "CA certificates (PEM) that NATS servers are checked by",
  }),
  NATS_TLS_CERT_FILE: readableFile({
    default: undefined,
    example: "/run/secrets/nats-cert.pem",
    desc: "Client certificate (PEM) for NATS",
  }),
  NATS_TLS_KEY_FILE: readableFile({
    default: undefined,
    example: "/run/secrets/nats-key.pem",
    desc: "Key (PEM) of the client certificate for NATS",
  }),
  NATS_TLS_FIRST: toggle({
    default: false,
    desc: "Starts NATS connections with the TLS handshake, for servers with handshake_first (nats-server 2.10 or later)",
  }),
  NATS_JETSTREAM_DOMAIN: parsed(parseDomain, {
    allowed: "a JetStream domain: at most 255 characters, without blanks and . * > /",
    default: undefined,
    example: "hub",
    desc: "JetStream domain of the streams, where the services connect to a leaf node",
  }),
  NATS_STREAM: parsed(parseStreamName, {
    allowed: "a stream name: at most 255 characters, without blanks and . * > / \\",
    default: "SENSE_EVENTS",
    desc: "JetStream stream that holds the events",
  }),
  NATS_SUBJECT_PREFIX: parsed(parseSubjectPrefix, {
    allowed: "tokens with dots between them, without blanks, * and >, not starting with $",
    default: "sense",
    desc: "First tokens of every subject",
  }),
  NATS_STREAM_REPLICAS: oneOf({
    choices: [1, 3, 5],
    default: 1,
    desc: "Copies of the stream in a NATS cluster",
  }),
  NATS_STREAM_MAX_AGE_HOURS: wholeNumber({
    default: 168,
    min: 1,
    max: 87_600,
    desc: "How long the stream keeps events; one that waits longer is deleted undelivered",
  }),
  NATS_STREAM_MAX_BYTES: bytes({
    default: 1_073_741_824,
    min: 1024,
    desc: "Most that the stream keeps on disk; beyond it the oldest events are deleted, undelivered ones too",
  }),
  NATS_DEDUP_WINDOW_SECONDS: wholeNumber({
    default: 600,
    min: 1,
    max: 604_800,
    desc: "How long the stream recognises an event that it already has",
  }),
};

export type NatsSettings = SettingsOf<typeof natsSettings>;

/** One way to log in, certificate with its key, TLS where it comes first, and a deduplication window within the age. */
export const checkNatsSettings: SettingsCheck<NatsSettings> = checkEach(
  checkPassword,
  checkOneLogin,
  tlsFilesCheck({ ca: "NATS_TLS_CA_FILE", cert: "NATS_TLS_CERT_FILE", key: "NATS_TLS_KEY_FILE" }),
  checkTlsFirst,
  checkWindow,
);

function checkPassword({ NATS_USER, NATS_PASSWORD }: NatsSettings) {
  if ((NATS_USER === undefined) === (NATS_PASSWORD === undefined)) return [];
  return NATS_USER === undefined
    ? [{ name: "NATS_USER", message: "must be set together with NATS_PASSWORD" }]
    : [{ name: "NATS_PASSWORD", message: "must be set together with NATS_USER" }];
}

function checkOneLogin(values: NatsSettings) {
  const ways = (["NATS_USER", "NATS_TOKEN", "NATS_CREDS_FILE", "NATS_NKEY_SEED"] as const).filter(
    (name) => values[name] !== undefined,
  );
  const last = ways.at(-1);
  if (last === undefined || ways.length === 1) return [];
  return [{ name: last, message: `is one way to log in of ${ways.length} that are set: ${ways.join(", ")}; keep one` }];
}

/** Without TLS the client would pass over it. */
function checkTlsFirst({ NATS_TLS_FIRST, NATS_URL, NATS_TLS_CA_FILE, NATS_TLS_CERT_FILE }: NatsSettings) {
  const usesTls = NATS_URL.some((url) => url.startsWith("tls:")) || (NATS_TLS_CA_FILE ?? NATS_TLS_CERT_FILE);
  if (!NATS_TLS_FIRST || usesTls) return [];
  const message = "needs TLS: tls:// in NATS_URL, NATS_TLS_CA_FILE, or NATS_TLS_CERT_FILE with NATS_TLS_KEY_FILE";
  return [{ name: "NATS_TLS_FIRST", message, example: "false" }];
}

function checkWindow({ NATS_DEDUP_WINDOW_SECONDS, NATS_STREAM_MAX_AGE_HOURS }: NatsSettings) {
  const maxAgeSeconds = NATS_STREAM_MAX_AGE_HOURS * 3600;
  if (NATS_DEDUP_WINDOW_SECONDS <= maxAgeSeconds) return [];
  const message = `must not be longer than NATS_STREAM_MAX_AGE_HOURS, which is ${maxAgeSeconds} seconds`;
  return [{ name: "NATS_DEDUP_WINDOW_SECONDS", message, example: "600" }];
}

function parseNkeySeed(given: string): string | undefined {
  const seed = given.trim();
  return /^SU[A-Z2-7]{56}$/.test(seed) ? seed : undefined;
}

function parseDomain(given: string): string | undefined {
  const name = given.trim();
  return /^[^\s\p{Cc}.*>/]{1,255}$/u.test(name) ? name : undefined;
}

function parseStreamName(given: string): string | undefined {
  const name = given.trim();
  return /^[^\s\p{Cc}.*>/\\]{1,255}$/u.test(name) ? name : undefined;
}

function parseSubjectPrefix(given: string): string | undefined {
  const prefix = given.trim();
  return /^[^\s\p{Cc}.*>$][^\s\p{Cc}.*>]*(\.[^\s\p{Cc}.*>]+)*$/u.test(prefix) ? prefix : undefined;
}
