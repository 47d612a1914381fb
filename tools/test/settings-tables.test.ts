import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readmePath, withSettingsTables } from "../src/settings-tables.js";

test("the README's settings tables say what the code says (node tools/dist/src/settings-tables.js mends them)", () => {
  const readme = readFileSync(readmePath, "utf8");
  assert.match(readme, /\| `UDP_PORT` \| 9998 \|/);
  assert.match(readme, /\| `MQTT_URL` \|/);
  assert.match(readme, /\| `NATS_URL` \|/);
  assert.equal(readme, withSettingsTables(readme));
});
