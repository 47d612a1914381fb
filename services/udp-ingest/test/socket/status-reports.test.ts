import assert from "node:assert/strict";
import { test } from "node:test";
import { createStatusReports } from "../../src/socket/status-reports.js";

const minuteMs = 60_000;

function reportsAt() {
  let nowMs = 0;
  const { isDue } = createStatusReports(() => nowMs);
  return {
    isDue,
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** When an error that comes every five seconds for so long is reported, in minutes. */
    errorsIn: (minutes: number) => {
      const startMs = nowMs;
      const reported: number[] = [];
      for (; nowMs < startMs + minutes * minuteMs; nowMs += 5_000) {
        if (isDue("error", "bind EADDRINUSE")) reported.push((nowMs - startMs) / minuteMs);
      }
      return reported;
    },
  };
}

test("reports an error that repeats every five seconds at once and then at growing intervals up to an hour", () => {
  assert.deepEqual(reportsAt().errorsIn(300), [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
});

test("reports each reason separately", () => {
  const { isDue } = reportsAt();
  assert.equal(isDue("error", "bind EADDRINUSE"), true);
  assert.equal(isDue("error", "bind EACCES"), true);
  assert.equal(isDue("error", "bind EADDRINUSE"), false);
  assert.equal(isDue("error", "bind EACCES"), false);
});

test("reports start at first and after a reported error", () => {
  const { isDue } = reportsAt();
  assert.equal(isDue("start"), true);
  assert.equal(isDue("error", "a"), true);
  assert.equal(isDue("start"), true);
});

test("does not report each start and error of a socket that breaks as soon as it is bound", () => {
  const { isDue, pass } = reportsAt();
  const reported: string[] = [];
  for (let times = 0; times < 120; times++) {
    if (isDue("start")) reported.push("start");
    if (isDue("error", "a")) reported.push("error");
    pass(500);
  }
  assert.deepEqual(reported, ["start", "error", "start"]);
});

test("reports a socket that breaks again after a long outage within a minute", () => {
  const { isDue, errorsIn, pass } = reportsAt();
  errorsIn(200);
  assert.equal(isDue("start"), true);
  pass(10_000);
  assert.deepEqual(errorsIn(2), [50 / 60]);
});

test("reports an error at once when the socket has been bound for a minute", () => {
  const { isDue, pass } = reportsAt();
  isDue("error", "a");
  isDue("start");
  pass(minuteMs);
  assert.equal(isDue("error", "a"), true);
});

test("remembers few reasons", () => {
  const { isDue } = reportsAt();
  for (let reason = 0; reason < 1_000; reason++) assert.equal(isDue("error", `reason ${reason}`), true);
});
