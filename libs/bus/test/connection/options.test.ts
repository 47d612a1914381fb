import assert from "node:assert/strict";
import { test } from "node:test";
import { busOptionsOf } from "../../src/index.js";

test("takes each option from the setting of its name, in milliseconds", () => {
  const options = busOptionsOf(
    {
      NATS_URL: ["nats://a:4222", "nats://b:4222"],
      NATS_USER: "user",
      NATS_PASSWORD: "password",
      NATS_TOKEN: "token",
      NATS_CREDS_FILE: "/user.creds",
      NATS_NKEY_SEED: "seed",
      NATS_TLS_CA_FILE: "/ca.pem",
      NATS_TLS_CERT_FILE: "/cert.pem",
      NATS_TLS_KEY_FILE: "/key.pem",
      NATS_TLS_FIRST: true,
      NATS_JETSTREAM_DOMAIN: "hub",
      NATS_STREAM: "X",
      NATS_SUBJECT_PREFIX: "acme",
      NATS_STREAM_REPLICAS: 3,
      NATS_STREAM_MAX_AGE_HOURS: 2,
      NATS_STREAM_MAX_BYTES: 1024,
      NATS_DEDUP_WINDOW_SECONDS: 5,
    },
    "udp-ingest",
    "1",
  );
  assert.deepEqual(options, {
    clientName: "udp-ingest 1",
    inboxPrefix: "_INBOX.udp-ingest",
    servers: ["nats://a:4222", "nats://b:4222"],
    user: "user",
    password: "password",
    token: "token",
    credsFile: "/user.creds",
    nkeySeed: "seed",
    tlsCaFile: "/ca.pem",
    tlsCertFile: "/cert.pem",
    tlsKeyFile: "/key.pem",
    tlsFirst: true,
    jetStreamDomain: "hub",
    streamName: "X",
    subjectPrefix: "acme",
    streamReplicas: 3,
    streamMaxAgeMs: 7_200_000,
    streamMaxBytes: 1024,
    dedupWindowMs: 5_000,
    requests: false,
  });
});
