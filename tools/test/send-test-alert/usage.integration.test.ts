import assert from "node:assert/strict";
import { test } from "node:test";
import { trial } from "../fixtures/way.js";

test("tells how it goes when asked", async (t) => {
  const { code, stdout, stderr } = await trial(t, ["--help"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^npm run send-test-alert -- \[options\]/);
});

test("says in one line what is wrong, and exits with the code for wrong usage", async (t) => {
  const { code, stdout, stderr } = await trial(t, ["--kind", "broken"]);
  assert.deepEqual([code, stdout], [64, ""]);
  const rule = "--kind must be one of failed, aborted, success, distribute, engine. Example: --kind failed";
  assert.equal(stderr, `send-test-alert: ${rule}\n`);
});
