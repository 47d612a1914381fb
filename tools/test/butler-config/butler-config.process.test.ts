import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parseEnv } from "node:util";
import { runTool, tempDir } from "@sense-alerts/test-kit";

const text = `Butler:
  slackNotification: { enable: true, webhookURL: https://hooks.example.com/sesame }
  mqttConfig:
    brokerHost: broker.example.com
    taskStartTopic: qliksense/start_task
`;

/** A folder with a Butler configuration, and the tool at work in it. */
function prepare(t: TestContext) {
  const dir = tempDir(t);
  const file = join(dir, "production.yaml");
  const out = join(dir, ".env");
  writeFileSync(file, text);
  return { dir, file, out, run: (...args: readonly string[]) => runTool(t, "butler-config", args, {}) };
}

test("writes the .env and tells of every key what became of it, by its line", async (t) => {
  const { file, out, run } = prepare(t);
  const { code, stdout, stderr } = await run(file, "--out", out);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(parseEnv(readFileSync(out, "utf8"))["MQTT_URL"], "mqtt://broker.example.com:1883");
  assert.match(stdout, /Carried over \(1\)\n-+\n +4 {2}mqttConfig.brokerHost\n +→ MQTT_URL=mqtt:/);
  assert.match(
    stdout,
    /No counterpart \(1\)\n-+\n +2 {2}slackNotification\n +In use in Butler. Nothing is sent to Slack/,
  );
  assert.match(stdout, /To decide \(1\)\n-+\n +5 {2}mqttConfig.taskStartTopic\n +With Butler whoever/);
  assert.match(stdout, /is in .*\.env\. No password is in it/);
  assert.doesNotMatch(stdout + readFileSync(out, "utf8"), /sesame/);
  assert.equal(readFileSync(file, "utf8"), text);
});

test("writes the .env alone to stdout when told so", async (t) => {
  const { file, run } = prepare(t);
  const { code, stdout, stderr } = await run(file, "--out", "-");
  assert.equal(code, 0);
  assert.match(stdout, /^# From .*\n(#.*\n|[A-Z_]+=.*\n|\n)*$/);
  assert.match(stderr, /To decide \(1\)/);
});

test("overwrites a file only when told so", async (t) => {
  const { file, out, run } = prepare(t);
  writeFileSync(out, "MINE=1\n");
  const refused = await run(file, "--out", out);
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /^butler-config: .*\.env cannot be written: it is there already; --force overwrites it/);
  assert.equal(readFileSync(out, "utf8"), "MINE=1\n");
  assert.equal((await run(file, "--out", out, "--force")).code, 0);
  assert.match(readFileSync(out, "utf8"), /MQTT_URL=/);
});

test("says what keeps it from reading or writing, and writes nothing", async (t) => {
  const { dir, file, out, run } = prepare(t);
  const broken = join(dir, "broken.yaml");
  writeFileSync(broken, "Butler:\n\tlogLevel: info\n");
  mkdirSync(join(dir, "folder"));
  for (const [args, problem] of [
    [[join(dir, "none.yaml"), "--out", out], /none.yaml cannot be read: there is no such file/],
    [[join(dir, "folder"), "--out", out], /folder cannot be read: it is a folder/],
    [[broken, "--out", out], /broken.yaml: it is not valid YAML: line 2/],
    [[file, "--out", join(dir, "none", ".env")], /cannot be written: there is no such file or folder/],
  ] as const) {
    const { code, stdout, stderr } = await run(...args);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, problem);
  }
  assert.equal(existsSync(out), false);
});

test("explains its use, and refuses arguments that make no sense", async (t) => {
  const { file, run } = prepare(t);
  const asked = await run("--help");
  assert.equal(asked.code, 0);
  assert.match(asked.stdout, /production.yaml/);
  for (const [args, problem] of [
    [[], /production.yaml is missing/],
    [[file, file], /one file to read/],
    [[file, "--out", file], /another file than Butler's/],
    [[file, "--out", ""], /--out needs/],
    [[file, "--verbose"], /--verbose/],
  ] as const) {
    const { code, stderr } = await run(...args);
    assert.equal(code, 64);
    assert.match(stderr, problem);
  }
});
