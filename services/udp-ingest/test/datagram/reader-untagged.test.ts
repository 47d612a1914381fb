import assert from "node:assert/strict";
import { test } from "node:test";
import { anchors, examples, reading, rejection, taskEvent } from "./examples.js";

test("does not take a name that holds a slash for a tag", () => {
  assert.equal(taskEvent(examples.L1.replace("Reload of", "/reload/")).data.wireFormat, "L1");
});

test("reads the oldest layout with a semicolon in a name, when nothing speaks against it", () => {
  const { data } = taskEvent("pro2-win1.lab.example;Load A; then B;Sales;LAB\\goran");
  assert.deepEqual([data.wireFormat, data.taskName, data.appName], ["L2", "Load A; then B", "Sales"]);
  assert.deepEqual([data.rawNames, data.user], ["Load A; then B;Sales", "LAB\\goran"]);
});

test("reads a user id with a blank in the oldest layout", () => {
  assert.equal(taskEvent("pro2-win1;Reload of Sales;Sales;LAB\\john doe").data.user, "LAB\\john doe");
});

test("reads a task that is called after a proxy command, when its ids tell that it is one", () => {
  const { data } = taskEvent(`pro2-win1;Start session for user load;Sales;LAB\\goran;${anchors}Max retries reached`);
  assert.deepEqual([data.wireFormat, data.taskName], ["L1", "Start session for user load"]);
});

test("reads the host of an untagged datagram behind a byte order mark", () => {
  assert.equal(taskEvent(`\ufeff${examples.L1}`).data.hostName, "pro2-win1");
  assert.equal(taskEvent(`\ufeff${examples.L2}`).data.hostName, "pro2-win1");
});

const unknownLayouts = [
  "Test message",
  "Test failed reload message",
  ";;;;;;;;;;",
  "a;b;c",
  "pro2-win1;T;A;Message from ReloadProvider: Reload failed in Engine. Check engine or script logs.;ERROR",
  "pro2-win1;T;A;Message from ReloadProvider: Reload failed in Engine.;x y",
  "pro2-win1;T;A;B;",
  "pro2-win1;Load A; then B;Sales;goran",
  "pro2-win1;INFO;no answer; retry;LAB\\john doe",
  "pro2-win1;T;A;2024-01-15 10:30:00,000;goran",
  "RELOAD_TASK_SUCCESS;server1.example.com;Test Reload Task;Test App;DOMAIN\\user1;task-123-reload;app-456;2024-01-15T10:30:00.000Z;INFO;exec-789;Reload completed successfully",
];

for (const datagram of unknownLayouts) {
  test(`rejects ${datagram.slice(0, 90)} as an unknown layout`, () => {
    assert.equal(rejection(datagram), "unknown-layout");
  });
}

/** Four fields, as other products and the proxy's audit log send them. */
const otherProducts = [
  "scheduler;pro2-win1;Reload of Sales;SUCCESS",
  "engine;pro2-win1;INFO;Reload finished",
  "pro2-win1;Reload of Sales;Sales;goran",
  "host;T;A;ERROR",
  "host;T;A;(null)",
  "host;T;A;",
  ";;;",
  ";;;LAB\\goran",
  "scheduler;pro2-win1;INFO;Failed for LAB\\goran",
  "scheduler;pro2-win1;INFO;LAB\\goran: no answer",
  "engine;pro2-win1;ERROR;C:\\ProgramData\\Qlik\\Sense\\Log",
  "engine;pro2-win1;ERROR;C:\\ProgramData",
  "engine;pro2-win1;ERROR;\\\\server\\share",
  "engine;pro2-win1;ERROR;a\\b\\c",
  "engine;pro2-win1;ERROR;LAB\\",
  "engine;pro2-win1;ERROR;\\goran",
  "two words;T;A;LAB\\goran",
  `${"h".repeat(254)};T;A;LAB\\goran`,
  "2024-01-15 10:30:00,000;INFO;Engine;LAB\\goran",
];

for (const datagram of otherProducts) {
  test(`rejects ${datagram.slice(0, 90)} as not a task event`, () => {
    assert.equal(rejection(datagram), "not-a-task-event");
  });
}

const users = [
  "LAB\\goran",
  "LAB\\\\goran",
  "LAB\\goran \r\n",
  "lab.example\\göran@example.com",
  "INTERNAL\\sa_scheduler",
];

for (const user of [...users, "LAB-1\\auth0|5f7c8ec7c33c6c004bbafe82"]) {
  test(`reads four fields that end with ${JSON.stringify(user)} in the oldest layout`, () => {
    const { data } = taskEvent(`scheduler;Start session cleanup;Sales;${user}`);
    assert.deepEqual(
      [data.wireFormat, data.taskName, data.userDirectory],
      ["L2", "Start session cleanup", user.trim().split("\\")[0]],
    );
  });
}

test("reads an absent host or name in the oldest layout as empty", () => {
  const absent = taskEvent("(null);Reload of Sales; ;LAB\\goran").data;
  assert.deepEqual([absent.hostName, absent.taskName, absent.appName], ["", "Reload of Sales", ""]);
});

test("gives the tag of a datagram that is not ours, and nothing that may be payload", () => {
  const tagOf = (payload: string) => {
    const result = reading(payload);
    return result.ok ? undefined : result.tag;
  };
  assert.equal(tagOf("\ufeff /Reload-Monitor/ ;secret;b"), "/Reload-Monitor/");
  assert.equal(tagOf("/qseow-engine/;secret"), "/qseow-engine/");
  assert.equal(tagOf("scheduler;secret;b;c"), "scheduler");
  assert.equal(tagOf("/login user=admin password=secret"), "/login…");
  assert.equal(tagOf(`/${"x".repeat(100)}/;a`), `/${"x".repeat(63)}…`);
  assert.equal(tagOf('{"a":"secret"};b;c;d'), undefined);
  assert.equal(tagOf("Test message"), undefined);
});

const proxyCommands = [
  "Start session",
  "Stop session for user",
  "Open connection",
  "CONNECTION OPENED FOR SESSION abc",
];

for (const command of [...proxyCommands, "Close connection", "connection Closed for session"]) {
  test(`rejects the proxy audit command ${command} as not a task event`, () => {
    assert.equal(rejection(`pro2-win1;${command};LAB;goran`), "not-a-task-event");
  });
}
