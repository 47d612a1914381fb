import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { tempDir } from "@sense-alerts/test-kit";

const reporter = fileURLToPath(new URL("../../file-reporter.mjs", import.meta.url));

/** Runs test files, each given by its text, with the reporter; returns the exit code and the lines it printed. */
function run(t: TestContext, files: Record<string, string>) {
  const cwd = tempDir(t);
  for (const [name, text] of Object.entries({ "package.json": '{ "type": "module" }', ...files })) {
    writeFileSync(join(cwd, name), text);
  }
  const names = Object.keys(files).filter((name) => name.endsWith(".test.js"));
  const args = ["--test", `--test-reporter=${reporter}`, "--test-concurrency=4", ...names];
  const { PATH = "" } = process.env;
  const { status, stdout } = spawnSync(process.execPath, args, { cwd, env: { PATH }, encoding: "utf8" });
  return { status, lines: stdout.replaceAll(/\d+\.\d s$/gm, "n s").split("\n") };
}

const importTest = 'import { test } from "node:test";\n';

test("prints a line for each file, and the summary of node's test runner last", (t) => {
  const { status, lines } = run(t, {
    "slow.test.js": `${importTest} await new Promise((resolve) => setTimeout(resolve, 500)); test("a", () => {});`,
    "two.test.js": `${importTest} test("a", () => {}); test("b", { skip: true }, () => {});`,
  });
  assert.equal(status, 0);
  assert.deepEqual(lines.slice(0, 3), [
    "✔ slow.test.ts: 1 test, n s",
    "✔ two.test.ts: 2 tests, 1 skipped, n s",
    "ℹ tests 3",
  ]);
  assert.match(lines.slice(3).join("\n"), /^ℹ suites 0\nℹ pass 2\nℹ fail 0\n.*ℹ duration_ms \S+\n*$/s);
});

test("counts subtests that a shared module defines for the file that runs them", (t) => {
  const { lines } = run(t, {
    "shared.js": 'export const sub = (t) => t.test("sub", () => {});',
    "a.test.js": `${importTest} test("a", () => {});`,
    "b.test.js": `${importTest} import { sub } from "./shared.js"; test("b", sub);`,
  });
  assert.deepEqual(lines.slice(0, 2), ["✔ a.test.ts: 1 test, n s", "✔ b.test.ts: 2 tests, n s"]);
});

test("prints failures in full, and marks the file", (t) => {
  const { status, lines } = run(t, {
    "bad.test.js": `${importTest} test("a", () => {}); test("b", () => { throw new Error("the reason"); });`,
    "crash.test.js": 'throw new Error("no test at all");',
  });
  assert.equal(status, 1);
  assert.ok(lines.includes("✖ bad.test.ts: 2 tests, 1 failed, n s"));
  assert.ok(lines.some((line) => line.startsWith("✖ crash.test.ts: ")));
  assert.match(lines.join("\n"), /the reason.*no test at all/s);
});
