import assert from "node:assert/strict";
import { test } from "node:test";
import { startNats, syncAlways } from "../src/index.js";
import { knowsSyncAlways } from "../src/sync-always.js";

for (const [version, expected] of [
  ["nats-server: v2.9.10", false],
  ["nats-server: v2.10.0", true],
  ["nats-server: v2.15.3", true],
  ["nats-server: v3.0.0-preview.1", true],
  ["no version", false],
] as const) {
  test(`${version} ${expected ? "knows" : "does not know"} sync_interval: always`, () => {
    assert.equal(knowsSyncAlways(version), expected);
  });
}

test("the server that is installed starts with what it is given, and syncs always if it can", async (t) => {
  const nats = await startNats(t, { config: syncAlways() });
  const response = await fetch(`${nats.monitorUrl}/jsz?config=1`, { signal: AbortSignal.timeout(5_000) });
  const { config } = (await response.json()) as { config: { sync_always?: boolean } };
  assert.equal(config.sync_always ?? false, syncAlways() !== "");
});
