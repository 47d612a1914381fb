import assert from "node:assert/strict";
import { chmodSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import {
  checkEach,
  loadSettings,
  oneOf,
  parsed,
  readableFile,
  secretText,
  text,
  wholeNumber,
} from "../../src/index.js";
import { folder } from "../fixtures/folder.js";
import { refused } from "../fixtures/refused.js";

const spec = {
  UDP_PORT: wholeNumber({ default: 9998, min: 0, max: 65535, desc: "Port" }),
  UDP_HOST: text({ default: "0.0.0.0", desc: "Address" }),
  MQTT_USERNAME: text({ default: undefined, desc: "User" }),
  MQTT_PASSWORD: secretText({ default: undefined, desc: "Password" }),
};

test("gives typed values in a frozen plain object, without the accessors and the proxy of the library", () => {
  const values = loadSettings(spec, { UDP_PORT: "0", MQTT_PASSWORD: " s3cret ", NODE_ENV: "test" });
  assert.deepStrictEqual(values, {
    UDP_PORT: 0,
    UDP_HOST: "0.0.0.0",
    MQTT_USERNAME: undefined,
    MQTT_PASSWORD: " s3cret ",
  });
  assert.ok(Object.isFrozen(values));
  assert.equal(Reflect.get(values, "NO_SUCH_SETTING"), undefined);
});

test("takes a blank variable for an unset one", () => {
  const values = loadSettings(spec, { UDP_PORT: "", UDP_HOST: " \t", MQTT_PASSWORD: "  " });
  assert.equal(values.UDP_PORT, 9998);
  assert.equal(values.UDP_HOST, "0.0.0.0");
  assert.equal(values.MQTT_PASSWORD, undefined);
});

test("asks for a setting without a default", () => {
  const { message } = refused({ QRS_URL: text({ desc: "Where QRS is", example: "https://sense:4242" }) }, {});
  assert.equal(
    message,
    "1 setting is wrong.\n\n  QRS_URL: must be set (Where QRS is). Example: QRS_URL=https://sense:4242",
  );
});

test("lists all problems at once, in the order of the settings, each with name, cause and example", (t) => {
  const path = folder(t)("password", "s3cret");
  const error = refused(spec, { MQTT_PASSWORD: "s3cret", MQTT_PASSWORD_FILE: path, UDP_PORT: "10abc" });
  assert.deepEqual(
    error.problems.map(({ name }) => name),
    ["UDP_PORT", "MQTT_PASSWORD"],
  );
  assert.equal(
    error.message,
    [
      "2 settings are wrong.",
      "",
      '  UDP_PORT: must be a whole number from 0 to 65535 (got "10abc"). Example: UDP_PORT=9998',
      "  MQTT_PASSWORD: set both here and by MQTT_PASSWORD_FILE; keep one of the two. Example: MQTT_PASSWORD_FILE=/run/secrets/mqtt-password",
    ].join("\n"),
  );
});

test("shortens and escapes a refused text", () => {
  const { message } = refused(spec, { UDP_PORT: `\u001b[31m${"9".repeat(500)}` });
  assert.ok(message.includes("\\u001b[31m999"), message);
  assert.ok(message.length < 300, message);
});

test("reads the value of a setting from the file that its _FILE variable names, without the line ends", (t) => {
  const write = folder(t);
  const values = loadSettings(spec, {
    UDP_PORT_FILE: write("port", "\uFEFF9000\r\n\r\n"),
    MQTT_PASSWORD_FILE: write("password", "\uFEFFs3\ncret \n"),
  });
  assert.equal(values.UDP_PORT, 9000);
  assert.equal(values.MQTT_PASSWORD, "s3\ncret ");
});

test("takes the file when the variable itself is blank", (t) => {
  const path = folder(t)("password", "from-file");
  assert.equal(loadSettings(spec, { MQTT_PASSWORD: "", MQTT_PASSWORD_FILE: path }).MQTT_PASSWORD, "from-file");
});

test("does not show what a file held when it is refused", (t) => {
  const path = folder(t)("port", "hunter2");
  const { problems, message } = refused(spec, { UDP_PORT_FILE: path });
  assert.equal(problems[0]?.name, "UDP_PORT");
  assert.ok(message.includes(path), message);
  assert.ok(!message.includes("hunter2"), message);
});

test("names path, cause and remedy for a file that is missing, empty or a folder", (t) => {
  const write = folder(t);
  const empty = write("empty", "\n");
  const directory = `${dirname(empty)}/directory`;
  mkdirSync(directory);
  for (const [path, expected] of [
    ["/no/such/file", /UDP_HOST_FILE: the file \/no\/such\/file does not exist \(ENOENT\); check the path/],
    [empty, /UDP_HOST_FILE: the file .*empty is empty/],
    [directory, /UDP_HOST_FILE: .*directory is not a file; Docker makes a folder/],
  ] as const) {
    const error = refused(spec, { UDP_HOST_FILE: path });
    assert.match(error.message, expected);
    assert.equal(error.problems.length, 1);
  }
});

test("says which user must be able to read a file that it may not read", (t) => {
  const write = folder(t);
  const value = write("password", "s3cret");
  chmodSync(dirname(value), 0o755);
  chmodSync(value, 0o000);
  // Root may read everything: become nobody for the moment.
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65534);
  const uid = process.geteuid?.();
  try {
    const error = refused(
      { ...spec, CA_FILE: readableFile({ default: undefined, desc: "CA" }) },
      { MQTT_PASSWORD_FILE: value, CA_FILE: value },
    );
    const cause = `the file ${value} must be readable by user id ${uid} that this process runs as (EACCES)`;
    assert.deepEqual(
      error.problems.map(({ name, message }) => [name, message.startsWith(cause)]),
      [
        ["MQTT_PASSWORD_FILE", true],
        ["CA_FILE", true],
      ],
      error.message,
    );
  } finally {
    if (root) process.seteuid?.(0);
  }
});

test("takes a setting whose own name ends in _FILE as a path, with no second _FILE form", (t) => {
  const path = folder(t)("ca.pem", "certificate");
  const ca = { CA_FILE: readableFile({ default: undefined, desc: "CA" }) };
  assert.equal(loadSettings(ca, { CA_FILE: path }).CA_FILE, path);
  assert.equal(loadSettings(ca, { CA_FILE_FILE: "/no/such/file" }).CA_FILE, undefined);
});

test("never shows a secret, not even when its own parser puts it into the message", () => {
  const secret = {
    TOKEN: parsed(
      (given): string => {
        throw new TypeError(`must not be ${given}`);
      },
      { allowed: "a token", secret: true, default: undefined, desc: "Token" },
    ),
    QUIET: parsed(
      (): string => {
        throw new TypeError("must be longer");
      },
      { allowed: "a token", secret: true, default: undefined, desc: "Token" },
    ),
  };
  const { message } = refused(secret, { TOKEN: "hunter2-token", QUIET: "hunter2-quiet" });
  assert.deepEqual(message.split("\n"), [
    "2 settings are wrong.",
    "",
    "  TOKEN: is not valid. Example: TOKEN_FILE=/run/secrets/token",
    "  QUIET: must be longer. Example: QUIET_FILE=/run/secrets/quiet",
  ]);
});

test("reports what a parser throws even if it is no Error", () => {
  const odd = {
    ODD: parsed(
      (): string => {
        throw "must be even";
      },
      { allowed: "even", desc: "Odd" },
    ),
  };
  assert.equal(refused(odd, { ODD: "1" }).message, '1 setting is wrong.\n\n  ODD: must be even (got "1").');
});

test("reports what settings must keep together beside what is wrong with one alone", () => {
  const error = refused(spec, { UDP_PORT: "x", MQTT_USERNAME: "sense" }, (values) =>
    values.MQTT_USERNAME !== undefined && values.MQTT_PASSWORD === undefined
      ? [{ name: "MQTT_PASSWORD", message: "must be set together with MQTT_USERNAME" }]
      : [],
  );
  assert.deepEqual(
    error.problems.map(({ name }) => name),
    ["UDP_PORT", "MQTT_PASSWORD"],
  );
});

test("skips the one check that reads a wrong setting, and runs the others", () => {
  const error = refused(
    spec,
    { UDP_PORT: "x" },
    checkEach(
      ({ UDP_PORT }) => [{ name: "FIRST", message: `must not be reached with ${UDP_PORT}` }],
      ({ UDP_HOST }) => [{ name: "SECOND", message: `must be reached with ${UDP_HOST}` }],
    ),
  );
  assert.deepEqual(
    error.problems.map(({ name }) => name),
    ["UDP_PORT", "SECOND"],
  );
});

test("lets the error of a check that is broken itself through", () => {
  assert.throws(
    () =>
      loadSettings(spec, {}, () => {
        throw new RangeError("a mistake in the check");
      }),
    RangeError,
  );
});

test("narrows one of several to the choices and finds it in any case of letters", () => {
  const level = { LEVEL: oneOf({ choices: ["info", "Debug"], default: "info", desc: "Level" }) };
  const { LEVEL }: { LEVEL: "info" | "Debug" } = loadSettings(level, { LEVEL: " DEBUG" });
  assert.equal(LEVEL, "Debug");
  assert.match(
    refused(level, { LEVEL: "loud" }).message,
    /LEVEL: must be one of info, Debug \(got "loud"\)\. Example: LEVEL=info$/,
  );
});
