import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "../src/index.js";

const script = fileURLToPath(new URL("fixtures/leave-children.js", import.meta.url));

async function startScript(t: TestContext, ...args: string[]) {
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => void child.kill("SIGKILL"));
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  return { script: child, left: JSON.parse(line) as { port: number; dir: string } };
}

async function assertNothingLeft(script: ChildProcess, left: { port: number; dir: string }): Promise<void> {
  await eventually(() => assert.ok(script.exitCode !== null || script.signalCode !== null));
  await eventually(() => assert.rejects(once(connect(left.port, "127.0.0.1"), "connect"), { code: "ECONNREFUSED" }));
  assert.ok(!existsSync(left.dir));
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`leaves no server and no folder behind when ${signal} ends the process`, async (t) => {
    const { script, left } = await startScript(t);
    assert.ok(existsSync(left.dir));
    script.kill(signal);
    await assertNothingLeft(script, left);
    assert.equal(script.signalCode, signal);
  });
}

test("leaves no server and no folder behind when an error ends the process", async (t) => {
  const { script, left } = await startScript(t, "throw");
  await assertNothingLeft(script, left);
  assert.equal(script.exitCode, 1);
});
