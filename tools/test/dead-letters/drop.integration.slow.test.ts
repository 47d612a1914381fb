import assert from "node:assert/strict";
import { test } from "node:test";
import { datagramHeaders, letterHeaders, startParked } from "../fixtures/parked-streams.js";

test("deletes what is named, after showing it", async (t) => {
  const { run, datagram, left } = await startParked(t);
  for (const text of ["a", "b", "c"]) await datagram(text);
  const { code, stdout } = await run("drop", "r1", "r3", "r3");
  assert.equal(code, 0);
  assert.match(stdout, /^ +r1 .*: a\n +r3 .*: c\n2 deleted\.$/m);
  assert.deepEqual(await left(), ["r2"]);
  const again = await run("drop", "r1", "r2");
  assert.deepEqual([again.code, again.stderr], [1, "r1  is not in SENSE_REJECTED\n"]);
  assert.deepEqual(await left(), []);
});

test("deletes all of a reason or kind with a yes, and without one says what it would delete", async (t) => {
  const { run, datagram, letter, left } = await startParked(t);
  await datagram("a");
  await datagram("b", datagramHeaders("unknown-layout"));
  await letter("c", letterHeaders("not-json"));
  const dry = await run("drop", "--all");
  assert.equal(dry.code, 2);
  assert.match(
    dry.stdout,
    /^ +r1 .*\n +r2 .*\n +d1 .*\nNothing is deleted yet: the same with --yes deletes these 3\.$/m,
  );
  assert.deepEqual(await left(), ["r1", "r2", "d1"]);
  assert.equal((await run("drop", "--all", "--reason", "unknown-layout", "--yes")).code, 0);
  assert.deepEqual(await left(), ["r1", "d1"]);
  assert.equal((await run("drop", "--all", "--kind", "dead-letter", "--yes")).code, 0);
  assert.deepEqual(await left(), ["r1"]);
  assert.equal((await run("drop", "--all", "--yes")).code, 0);
  assert.deepEqual(await left(), []);
  assert.deepEqual((await run("drop", "--all")).stdout, "0 deleted.\n");
});
