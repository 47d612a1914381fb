import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { documents } from "../src/settings-docs.js";

const known = {
  "README.md": [/\| `UDP_PORT` \| 9998 \|/, /\| `MQTT_URL` \|/, /\| `NATS_URL` \|/],
  "docker-compose.yml": [
    / SENSE_TIMEZONE: "\$\{SENSE_TIMEZONE:-\}"/,
    / MQTT_URL: "\$\{MQTT_URL:-mqtt:/,
    / MQTT_PASSWORD_FILE:/,
  ],
  ".env.example": [/^#SENSE_TIMEZONE=Europe\/Stockholm$/m, /^#TASK_FAILURE_TOPIC=qliksense\/task_failure$/m],
};

for (const { path, renew } of documents) {
  const name = basename(path);
  test(`${name} says of the settings what the code says (node tools/dist/src/settings-docs.js mends it)`, () => {
    const text = readFileSync(path, "utf8");
    for (const line of known[name as keyof typeof known]) assert.match(text, line);
    assert.equal(text, renew(text));
  });
}
