import assert from "node:assert/strict";
import { test } from "node:test";
import { failed, taskEvent } from "./examples.js";

test("takes the last semicolon for the border between ambiguous names, and says that they are", () => {
  const { data } = taskEvent(failed("pro2-win1;Load A; then B;Sales; EMEA;LAB\\goran"));
  assert.deepEqual([data.hostName, data.user], ["pro2-win1", "LAB\\goran"]);
  assert.deepEqual([data.taskName, data.appName], ["Load A; then B;Sales", " EMEA"]);
  assert.deepEqual([data.ambiguousNames, data.rawNames], [true, "Load A; then B;Sales; EMEA"]);
});

const ambiguous = [
  ["Reload of Sales; EMEA;Sales; EMEA", "Reload of Sales; EMEA", "Sales; EMEA"],
  ["Manually triggered reload of A;B;C;A;B;C", "Manually triggered reload of A;B;C", "A;B;C"],
  ["Reload of Sales; EMEA; Sales; EMEA ", "Reload of Sales; EMEA", " Sales; EMEA "],
  ["Nightly; all;Sales", "Nightly; all", "Sales"],
  ["Nightly;;Sales", "Nightly;", "Sales"],
  ["Nightly; all;", "Nightly; all", ""],
  ["Nightly; all;(null)", "Nightly; all", ""],
  [";;", ";", ""],
] as const;

for (const [rawNames, taskName, appName] of ambiguous) {
  test(`reads the ambiguous names ${rawNames} as ${taskName} and ${appName || "no app"}`, () => {
    const { data } = taskEvent(failed(`pro2-win1;${rawNames};LAB\\goran`));
    assert.deepEqual([data.taskName, data.appName], [taskName, appName]);
    assert.deepEqual([data.ambiguousNames, data.rawNames], [true, rawNames]);
  });
}

test("makes one blank of each run of control characters in host, user and names", () => {
  const { data } = taskEvent(failed("host\t;Task\r\nname\u0085x;App\u0000\u0001\u009f;dir\\us\u007fer"));
  assert.deepEqual([data.hostName, data.taskName, data.appName], ["host ", "Task name x", "App "]);
  assert.deepEqual([data.user, data.userDirectory, data.userId], ["dir\\us er", "dir", "us er"]);
  const split = taskEvent(failed("host;a\r\n;b;c;dir\\user")).data;
  assert.equal(split.rawNames, "a ;b;c");
});

test("makes one blank of each run of control characters in the message, but keeps line breaks and tabs", () => {
  const message = "one\u0001\u0002\r\n\ttwo\u0085three\u0000\r";
  assert.equal(taskEvent(failed("h;T;A;u", message)).data.logMessage, "one \r\n\ttwo three \r");
});

test("takes line and paragraph separators, which are no control characters, as they are", () => {
  assert.equal(taskEvent(failed("h;T\u2028\u2029;A;u")).data.taskName, "T\u2028\u2029");
});

test("cuts and trims nothing in names", () => {
  const { data } = taskEvent(failed(`h; ${"A".repeat(600)} ;  App;u`));
  assert.deepEqual([data.taskName, data.appName], [` ${"A".repeat(600)} `, "  App"]);
});
