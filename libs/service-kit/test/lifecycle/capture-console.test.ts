import assert from "node:assert/strict";
import { Console } from "node:console";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { captureConsole } from "../../src/lifecycle/capture-console.js";
import { createLogger } from "../../src/logger.js";

test("makes log lines of what is written to the console, until it is given back", () => {
  const lines: string[] = [];
  const logger = createLogger({
    name: "sample",
    level: "debug",
    pretty: false,
    instance: "i-1",
    destination: { write: (line) => void lines.push(line) },
  });
  const stdout = new PassThrough();
  const target = new Console(stdout);
  const giveBack = captureConsole(logger, target);
  target.log("reader closed %s", new Error("gone").message);
  target.error("aborting");
  const records = lines.map((line) => JSON.parse(line));
  assert.deepEqual(
    records.map(({ level, text }) => [level, text]),
    [
      ["debug", "reader closed gone"],
      ["warn", "aborting"],
    ],
  );
  assert.equal(stdout.read(), null);
  giveBack();
  target.log("again");
  assert.equal(String(stdout.read()), "again\n");
  assert.equal(lines.length, 2);
});
