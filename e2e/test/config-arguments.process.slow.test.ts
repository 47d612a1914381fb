import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { spec as alerterSpec } from "@sense-alerts/mqtt-alerter/settings";
import type { SettingsSpec } from "@sense-alerts/service-kit";
import { runToExit, type ServiceName, tempDir } from "@sense-alerts/test-kit";
import { spec as ingestSpec } from "@sense-alerts/udp-ingest/settings";
import { leaksIn, mark, markedSeed, secretOf } from "../src/secrets.js";

const specs: Readonly<Record<ServiceName, SettingsSpec>> = { "udp-ingest": ingestSpec, "mqtt-alerter": alerterSpec };
const names = Object.keys(specs) as ServiceName[];

for (const name of names) {
  test(`${name} --print-config prints each of its settings once`, async (t) => {
    const { code, stdout, stderr } = await runToExit(t, name, {}, { args: ["--print-config"] });
    assert.deepEqual([code, stderr], [0, ""]);
    const printed = Array.from(stdout.matchAll(/^#?([A-Z_]+)=.* {2}# \S/gm), ([, variable]) => variable);
    assert.deepEqual(printed, Object.keys(specs[name]));
  });

  test(`${name} --print-config shows no secret, from a variable, a file or a URL`, async (t) => {
    const dir = tempDir(t);
    const secrets = Object.keys(specs[name]).filter((variable) => specs[name][variable]?.secret);
    assert.ok(secrets.includes("NATS_PASSWORD"));
    // One login for NATS at a time, and each way once as a variable and once as a file.
    const runs = secrets.flatMap((variable) => {
      const inForm: Record<string, string> = { NATS_NKEY_SEED: markedSeed };
      const secret = inForm[variable] ?? secretOf(variable);
      const file = join(dir, variable);
      writeFileSync(file, `${secret}\n`);
      const user = { NATS_PASSWORD: { NATS_USER: "u" }, MQTT_PASSWORD: { MQTT_USERNAME: "u" } }[variable] ?? {};
      return [
        { variable, env: { ...user, [variable]: secret } },
        { variable, env: { ...user, [`${variable}_FILE`]: file } },
      ];
    });
    for (const { variable, env } of runs) {
      const urls: Record<string, string> =
        name === "mqtt-alerter" ? { MQTT_URL: `wss://u:${mark}@broker/mqtt?token=${mark}` } : {};
      const { code, stdout, stderr } = await runToExit(t, name, { ...urls, ...env }, { args: ["--print-config"] });
      assert.equal(code, 0, stderr);
      assert.deepEqual(leaksIn(stdout + stderr), [], stdout);
      assert.match(stdout, new RegExp(`^#${variable}=\\*{8} +# (variable|file .*, by ${variable}_FILE)$`, "m"));
    }
  });

  test(`${name} --check-config takes no setting of the other service for a slip`, async (t) => {
    const all = Object.entries({ ...ingestSpec, ...alerterSpec });
    const env = Object.fromEntries(
      all.flatMap(([variable]) => [variable, `${variable}_FILE`]).map((variable) => [variable, "x"]),
    );
    const { code, stderr } = await runToExit(t, name, env, { args: ["--check-config"] });
    assert.equal(code, 78);
    assert.doesNotMatch(stderr, /warning/);
  });
}

test("mqtt-alerter --check-config names the setting that a slip was meant for, and is content", async (t) => {
  const env = { TASK_FAILURE_TOPCI: "x", MQTT_USER: "anna" };
  const { code, stdout, stderr } = await runToExit(t, "mqtt-alerter", env, { args: ["--check-config"] });
  assert.deepEqual([code, stdout], [0, "mqtt-alerter: the settings are right.\n"]);
  assert.match(stderr, /^warning: TASK_FAILURE_TOPCI is no setting of mqtt-alerter; is TASK_FAILURE_TOPIC meant\?$/m);
  assert.match(stderr, /^warning: MQTT_USER is no setting of mqtt-alerter; is MQTT_USERNAME meant\?$/m);
});
