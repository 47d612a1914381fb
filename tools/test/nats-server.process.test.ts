import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findProgram, tempDir } from "@sense-alerts/test-kit";

const script = fileURLToPath(new URL("../../nats-server.mjs", import.meta.url));

function natsServer(env: Readonly<Record<string, string>>, ...args: string[]) {
  return spawnSync(process.execPath, [script, ...args], { encoding: "utf8", env: { ...process.env, ...env } });
}

function fakeServer(dir: string, version: string): string {
  const path = join(dir, "nats-server");
  writeFileSync(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  chmodSync(path, 0o755);
  return path;
}

test("NATS_SERVER names the nats-server that tests, drills, demo and bench start", (t) => {
  const before = process.env["NATS_SERVER"];
  t.after(() => {
    if (before === undefined) delete process.env["NATS_SERVER"];
    else process.env["NATS_SERVER"] = before;
  });
  process.env["NATS_SERVER"] = process.execPath;
  assert.equal(findProgram("nats-server"), process.execPath);
  assert.match(findProgram("mosquitto"), /mosquitto$/);
});

test("tools/nats-server.mjs prints NATS_SERVER, and fetches nothing then", () => {
  const { stdout, stderr } = natsServer({ NATS_SERVER: "/opt/nats/nats-server" });
  assert.deepEqual([stdout, stderr], ["/opt/nats/nats-server\n", ""]);
});

test("tools/nats-server.mjs prints an installed nats-server that is newer than the pinned one", (t) => {
  const dir = tempDir(t);
  const path = fakeServer(dir, "2.100.0");
  const { stdout } = natsServer({ NATS_SERVER: "", PATH: `${dir}:${process.env["PATH"]}` });
  assert.equal(stdout, `${path}\n`);
});

test("tools/nats-server.mjs with a version takes an installed nats-server of exactly that version", (t) => {
  const path = fakeServer(tempDir(t), "2.3.4");
  assert.equal(natsServer({ NATS_SERVER: path }, "2.3.4").stdout, `${path}\n`);
});

test("tools/nats-server.mjs refuses a version that is not pinned, and lists those that are", () => {
  const { status, stdout, stderr } = natsServer({ NATS_SERVER: "" }, "2.3.5");
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, /^nats-server 2\.3\.5 is not pinned here\. There are 2\.15\.\d+, /);
});

test("tools/nats-server.mjs says how to name a nats-server where none can be fetched", (t) => {
  const env = { NATS_SERVER: "", PATH: tempDir(t), XDG_CACHE_HOME: tempDir(t) };
  const { status, stderr } = natsServer(env, "2.12.8");
  assert.equal(status, 1);
  assert.match(stderr, /NATS_SERVER=\/path\/to\/nats-server/);
});
