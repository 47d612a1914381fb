import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTaskTypes } from "../../src/alerts/task-types.js";

test("reads a comma list of task types in any case of letters", () => {
  assert.deepEqual([...(parseTaskTypes(" Reload,,DISTRIBUTE ") ?? [])], ["Reload", "Distribute"]);
  const all = parseTaskTypes("reload,externalprogram,usersync,distribute,preload");
  assert.deepEqual([...(all ?? [])], ["Reload", "ExternalProgram", "UserSync", "Distribute", "Preload"]);
});

for (const wrong of ["reloads", "reload;preload", "reload,tostring", ",", "0", "constructor"]) {
  test(`refuses ${wrong} as task types`, () => {
    assert.equal(parseTaskTypes(wrong), undefined);
  });
}
