import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempDir } from "@sense-alerts/test-kit";
import { availableBrokers } from "../../src/broker-conformance/available.js";

test("takes what a launcher lists, and says how to get what it does not", async (t) => {
  const launcher = join(tempDir(t), "launcher");
  const list =
    "alpha      MQTT 3.1.1 and 5 auth allow receive-max tls ws set\\nbeta       MQTT 3.1.1       auth ws; a restart forgets all";
  writeFileSync(launcher, `#!/bin/sh\n[ "$1" = list ] && printf '${list}\\n'\n`);
  chmodSync(launcher, 0o755);
  const { sources, missing } = await availableBrokers(["alpha", "beta", "gamma"], launcher);
  assert.deepEqual(
    sources.map(({ name, speaksMqtt5, can, forgetsAtRestart }) => [name, speaksMqtt5, [...can], forgetsAtRestart]),
    [
      ["alpha", true, ["auth", "allow", "receive-max", "tls", "ws"], false],
      ["beta", false, ["auth", "ws"], true],
    ],
  );
  assert.deepEqual(
    missing.map(({ name }) => name),
    ["gamma"],
  );
});
