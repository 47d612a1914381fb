import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { freeTcpPort, runTool, startNats, startService, tempDir } from "@sense-alerts/test-kit";

for (const args of [
  [],
  ["lsit"],
  ["list", "1"],
  ["list", "--limit", "-1"],
  ["list", "--limit", "ten"],
  ["list", "--kind", "letter"],
  ["list", "--yes"],
  ["show"],
  ["show", "d1", "two"],
  ["show", "1"],
  ["show", "x1"],
  ["drop", "d01"],
  ["show", "--all"],
  ["replay"],
  ["replay", "d0"],
  ["replay", "--all", "d1"],
  ["replay", "d1", "--reason", "not-json"],
  ["drop", "--yes"],
  ["drop", "d1.5", "--yes"],
]) {
  test(`refuses the arguments "${args.join(" ")}", and says how it goes`, async (t) => {
    const { code, stdout, stderr } = await runTool(t, "dead-letters", args, { NATS_URL: "nats://127.0.0.1:1" });
    assert.deepEqual([code, stdout], [64, ""]);
    assert.match(stderr, /^dead-letters: .+\n\nnpm run dead-letters -- <command>/);
  });
}

test("names both addresses that a bare sequence could mean", async (t) => {
  const { stderr } = await runTool(t, "dead-letters", ["drop", "17"], { NATS_URL: "nats://127.0.0.1:1" });
  assert.match(stderr, /^dead-letters: 17 could be d17 \(a dead letter\) or r17 \(a rejected datagram\): list prints/);
});

test("tells how it goes when asked", async (t) => {
  for (const args of [["--help"], ["-h"], ["replay", "--help"]]) {
    const { code, stdout, stderr } = await runTool(t, "dead-letters", args, {});
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /list.*show.*replay.*drop/s);
  }
});

test("lists all that is wrong with the settings, and no secret among it", async (t) => {
  const env = { NATS_URL: "http://nats", NATS_NKEY_SEED: "not-a-seed-but-secret", SENSE_TIMEZONE: "Mars/Olympus" };
  const { code, stdout, stderr } = await runTool(t, "dead-letters", ["list"], env);
  assert.deepEqual([code, stdout], [78, ""]);
  for (const name of ["NATS_URL", "NATS_NKEY_SEED", "SENSE_TIMEZONE"])
    assert.match(stderr, new RegExp(`^  ${name}: `, "m"));
  assert.doesNotMatch(stderr, /not-a-seed/);
});

test("says in one line, within seconds, that NATS is away, hangs, or has no such stream", async (t) => {
  const away = await runTool(t, "dead-letters", ["list"], { NATS_URL: `nats://127.0.0.1:${await freeTcpPort()}` });
  assert.deepEqual([away.code, away.stdout], [1, ""]);
  assert.match(away.stderr, /^dead-letters: no connection to NATS at 127.+: nobody listens at that address .+\n$/);
  assert.ok(away.ms < 5_000, `${away.ms} ms`);
  const nats = await startNats(t);
  const empty = await runTool(t, "dead-letters", ["list"], { NATS_URL: nats.url });
  assert.deepEqual(
    [empty.code, empty.stderr],
    [1, "dead-letters: there is no stream SENSE_DEAD_LETTERS and no stream SENSE_REJECTED\n"],
  );
  nats.suspend();
  const hung = await runTool(t, "dead-letters", ["list"], { NATS_URL: nats.url });
  assert.match(hung.stderr, /^dead-letters: no connection to NATS at 127.+: no answer in time .+\n$/);
  assert.ok(hung.code === 1 && hung.ms < 10_000, `${hung.code}, ${hung.ms} ms`);
});

test("logs in as the services do, to the stream that their settings name, and tells no secret when it may not", async (t) => {
  const nats = await startNats(t, { config: 'authorization { token: "secret-right" }' });
  const tokenFile = join(tempDir(t), "token");
  writeFileSync(tokenFile, "secret-right\n");
  const env = {
    NATS_URL: nats.url,
    NATS_STREAM: "ACME_EVENTS",
    NATS_SUBJECT_PREFIX: "acme.qlik",
    NATS_TOKEN_FILE: tokenFile,
  };
  await startService(t, "udp-ingest", env, { waitFor: "ready" });
  const right = await runTool(t, "dead-letters", ["list"], env);
  assert.deepEqual(
    [right.code, right.stdout, right.stderr],
    [0, "Nothing to list in ACME_DEAD_LETTERS and ACME_REJECTED.\n", ""],
  );
  const wrong = await runTool(t, "dead-letters", ["list"], { NATS_URL: nats.url, NATS_TOKEN: "secret-wrong" });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /^dead-letters: .+: the server refused the login \(check NATS_TOKEN\)/);
  assert.doesNotMatch(right.stdout + right.stderr + wrong.stdout + wrong.stderr, /secret-/);
});
