import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { spec as alerterSpec } from "@sense-alerts/mqtt-alerter/settings";
import { describeSettings } from "@sense-alerts/service-kit";
import { spec as ingestSpec } from "@sense-alerts/udp-ingest/settings";
import { documents } from "../src/settings-docs.js";
import { settingsPage } from "../src/settings-page.js";

const known = {
  "running.md": [/\| `UDP_PORT` \| 9998 \|/, /\| `MQTT_URL` \|/, /\| `NATS_URL` \|/],
  "settings.md": [
    /^\| `UDP_PORT` \| 9998 \|.*\| a whole number from 0 to 65535 \| `9998` \|$/m,
    /^\| `NATS_TOKEN` \| unset \|.*\*\*Secret\*\* \| `NATS_TOKEN_FILE=\/run\/secrets\/nats-token` \|$/m,
  ],
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

test("docs/settings.md has every setting once, with a meaning, what is allowed and an example", () => {
  const rows = Array.from(settingsPage().matchAll(/^\| `([A-Z_]+)` \| (.+) \|$/gm), ([, name = "", rest = ""]) => ({
    name,
    cells: rest.split(" | "),
  }));
  const names = describeSettings({ ...ingestSpec, ...alerterSpec }).map(({ name }) => name);
  assert.deepEqual(rows.map(({ name }) => name).toSorted(), names.toSorted());
  for (const { name, cells } of rows) {
    assert.equal(cells.length, 4, name);
    for (const cell of cells) assert.match(cell, /[^`\s]/, name);
  }
});
