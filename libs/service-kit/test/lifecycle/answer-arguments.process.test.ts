import assert from "node:assert/strict";
import { test } from "node:test";
import { spawnSample } from "../fixtures/spawn-sample.js";

test("--check-config says that the settings are right and opens nothing", async (t) => {
  // A start with these would log at once, and wait.
  const sample = spawnSample(t, { BEHAVIOUR: "start-waits", LOG_LEVEL: "trace" }, ["--check-config"]);
  assert.deepEqual(await sample.ended(), { code: 0, stdout: "sample: the settings are right.", stderr: "" });
});

test("--check-config lists all that is wrong as the start does, and what looks like a setting", async (t) => {
  const sample = spawnSample(t, { LOG_LEVEL: "loud", HTTP_PORT: "x", NATS_PASWORD: "hunter2" }, ["--check-config"]);
  const { code, stdout, stderr } = await sample.ended();
  assert.deepEqual([code, stdout], [78, ""]);
  assert.match(stderr, /^warning: NATS_PASWORD is no setting of sample; is NATS_PASSWORD meant\?\n/);
  assert.match(
    stderr,
    /sample cannot start: 2 settings are wrong\.\n\n {2}HTTP_PORT: must be .*\n {2}LOG_LEVEL: must be /,
  );
  assert.doesNotMatch(stderr, /hunter2/);
});

test("--print-config prints the settings in force", async (t) => {
  const sample = spawnSample(t, { LOG_LEVEL: "debug", NATS_TOKEN: "hunter2" }, ["--print-config"]);
  const { code, stdout, stderr } = await sample.ended();
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^LOG_LEVEL=debug +# variable$/m);
  assert.match(stdout, /^#NATS_TOKEN=\*{8} +# variable$/m);
  assert.match(stdout, /^BEHAVIOUR=works +# default$/m);
});

test("--print-config lists what is wrong instead while settings are wrong", async (t) => {
  const sample = spawnSample(t, { LOG_LEVEL: "loud" }, ["--print-config"]);
  const { code, stdout, stderr } = await sample.ended();
  assert.deepEqual([code, stdout], [78, ""]);
  assert.match(stderr, /LOG_LEVEL: must be one of/);
});

test("--help names the arguments and the exit codes", async (t) => {
  const { code, stdout, stderr } = await spawnSample(t, { LOG_LEVEL: "loud" }, ["--help"]).ended();
  assert.deepEqual([code, stderr], [0, ""]);
  for (const word of ["--check-config", "--print-config", "--help", "64", "78"]) assert.ok(stdout.includes(word), word);
});

for (const args of [["--chek-config"], ["start"], ["--check-config", "--print-config"], ["--help", "x"], [""]]) {
  test(`exits 64 and names the known arguments for: ${JSON.stringify(args)}`, async (t) => {
    const stderr = "sample takes one of --check-config, --print-config and --help, or no argument at all.\n";
    assert.deepEqual(await spawnSample(t, {}, args).ended(), { code: 64, stdout: "", stderr });
  });
}
