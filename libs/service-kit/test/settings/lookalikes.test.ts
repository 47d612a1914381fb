import assert from "node:assert/strict";
import { test } from "node:test";
import { natsSettings } from "../../src/index.js";
import { lookalikes } from "../../src/settings/lookalikes.js";
import { text } from "../../src/settings/text-settings.js";

const spec = { ...natsSettings, TASK_FAILURE_TOPIC: text({ default: "t", desc: "Topic" }) };

for (const [given, meant] of [
  ["TASK_FAILURE_TOPCI", "TASK_FAILURE_TOPIC"],
  ["TASK_FAILURES_TOPICS", "TASK_FAILURE_TOPIC"],
  ["task_failure_topic", "TASK_FAILURE_TOPIC"],
  ["NATS_PASWORD", "NATS_PASSWORD"],
  ["NATS_PASSWORD_FILES", "NATS_PASSWORD_FILE"],
  ["NATS_CREDS", "NATS_CREDS_FILE"],
  ["NATS_DEDUP_WINDOW", "NATS_DEDUP_WINDOW_SECONDS"],
] as const) {
  test(`takes ${given} for a slip of ${meant}`, () => {
    assert.deepEqual(lookalikes(spec, { [given]: "x" }), [{ given, meant }]);
  });
}

test("says nothing of settings, of their files, of blank variables and of what other programs have", () => {
  const names = [
    ...[
      "PATH",
      "HOME",
      "HOSTNAME",
      "NODE_ENV",
      "TASK",
      "NATS",
      "HTTP_PROXY",
      "http_proxy",
      "NATS_CONTEXT",
      "NATS_CERT",
    ],
    // What Kubernetes tells a pod of the Service `nats`.
    ...["NATS_PORT", "NATS_SERVICE_HOST", "NATS_SERVICE_PORT", "NATS_PORT_4222_TCP_ADDR"],
    ...Object.keys(spec),
    "NATS_PASSWORD_FILE",
  ];
  const env = Object.fromEntries(names.map((name) => [name, "x"]));
  assert.deepEqual(lookalikes(spec, { ...env, NATS_PASWORD: " " }), []);
});
