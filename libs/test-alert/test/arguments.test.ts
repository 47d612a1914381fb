import assert from "node:assert/strict";
import { test } from "node:test";
import { helpOf, readArguments, UsageError } from "../src/arguments.js";

const defaults = { host: "127.0.0.1", port: 9998, ingest: [] };

test("takes the defaults where nothing is said", () => {
  assert.deepEqual(readArguments([], defaults), {
    ...defaults,
    kind: "failed",
    taskName: undefined,
    message: undefined,
    alerter: [],
    broker: undefined,
    topic: "qliksense/#",
    timeoutMs: 10_000,
  });
});

test("takes an HTTP address for each replica, with or without the slash at its end", () => {
  const args = ["--ingest", "http://a:8080/", "--ingest=https://b", "--alerter", "http://[::1]:8080"];
  const { ingest, alerter } = readArguments(args, defaults) ?? assert.fail();
  assert.deepEqual([ingest, alerter], [["http://a:8080", "https://b"], ["http://[::1]:8080"]]);
});

test("takes help for an answer to anything", () => {
  assert.equal(readArguments(["--kind", "failed", "-h"], defaults), undefined);
  assert.match(helpOf("npm run x --", defaults, true), /^npm run x -- \[options\] .*--broker/s);
  assert.doesNotMatch(helpOf("npm run x --", defaults, false), /--broker/);
});

for (const [args, message] of [
  [["--kind", "broken"], /^--kind must be one of failed, aborted, .*\. Example: --kind failed$/],
  [["--port", "0"], /^--port must be a whole number from 1 to 65535\. Example: --port 9998$/],
  [["--port", "9998x"], /^--port must be a whole number/],
  [["--timeout", "601"], /^--timeout must be a whole number from 1 to 600\. Example/],
  [["--host", " "], /^--host must not be empty\. Example: --host sense-alerts/],
  [["--task-name", ""], /^--task-name must not be empty/],
  [["--kind", "engine", "--task-name", "x"], /^--task-name goes with every kind but engine/],
  [["--ingest", "10.0.0.5:8080"], /^--ingest must be http:\/\/ .*Example: --ingest http:/],
  [["--alerter", "http://a:8080/metrics"], /^--alerter must be .* nothing else/],
  [["--alerter", "http://user:secret@a:8080"], /^--alerter must be/],
  [["--broker", "10.0.0.7"], /^--broker must start with mqtt:\/\/.*Example: --broker mqtt:/],
  [["--broker", "mqtt://user:secret@b"], /^--broker must hold no user and password.*MQTT_USERNAME/],
  [["--broker", "mqtt://user:sec/ret@b"], /^--broker must/],
  [["--topic", "acme/#"], /^--topic goes with --broker\. Example/],
  [["--topic", "", "--broker", "mqtt://b"], /^--topic must not be empty/],
  [["--hots", "a"], /^Unknown option '--hots'\. Allowed are --kind --host .*Example/],
  [["--host"], /^Option '--host <value>' argument missing\. Allowed are/],
  [["10.0.0.5"], /^Unexpected argument '10.0.0.5'\. .*Allowed are/],
] as const) {
  test(`refuses ${args.join(" ")} with what is allowed and an example`, () => {
    assert.throws(
      () => readArguments(args, defaults),
      (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret|sec\/ret|\n/);
        return true;
      },
    );
  });
}
