import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger, type LoggerOptions } from "../src/index.js";

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({
    name: "probe",
    level: "info",
    pretty: false,
    instance: "i-1",
    destination,
    ...options,
  });
  return { logger, lines, records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test("writes one JSON object a line with service, instance, level as a word and ISO time", () => {
  const { logger, lines, records } = capture();
  logger.info({ port: 9998 }, "socket bound");
  assert.ok(lines[0]?.endsWith("}\n"));
  const { time, ...rest } = records()[0] ?? {};
  assert.deepEqual(rest, { level: "info", service: "probe", instance: "i-1", port: 9998, msg: "socket bound" });
  assert.equal(new Date(String(time)).toISOString(), time);
});

test("keeps to the level", () => {
  const { logger, records } = capture({ level: "warn" });
  logger.info("quiet");
  logger.warn("loud");
  assert.deepEqual(
    records().map(({ msg }) => msg),
    ["loud"],
  );
});

test("censors credentials at the top, one level down, in errors and in child loggers", () => {
  const { logger, lines } = capture();
  const err = Object.assign(new Error("refused"), { password: "hunter2", token: "hunter2" });
  logger.info({ password: "hunter2", seed: "hunter2", nats: { token: "hunter2", pass: "hunter2" }, err }, "no secrets");
  logger.child({ options: { password: "hunter2" } }).info({ token: "hunter2" }, "no secrets here");
  assert.equal(lines.length, 2);
  for (const line of lines) assert.ok(!line.includes("hunter2") && line.includes("[redacted]"), line);
});

test("logs an error with its fields and its cause", () => {
  const { logger, records } = capture();
  const err = Object.assign(new Error("publish failed", { cause: new Error("socket closed") }), { code: "no-ack" });
  logger.error({ err }, "event not published");
  const logged = records()[0]?.["err"] as Record<string, unknown>;
  assert.equal(logged["message"], "publish failed: socket closed");
  assert.equal(logged["code"], "no-ack");
});

test("writes for human eyes when asked to, whole lines still", () => {
  const { logger, lines } = capture({ pretty: true });
  logger.info({ port: 9998 }, "socket bound");
  assert.match(lines.join(""), /INFO.*: socket bound\n\s+port: 9998\n$/);
});

test("lets nothing in a record forge a line or command the terminal, for human eyes either", () => {
  const hostile = "a\n[2026-11-20 06:30:01.114] INFO: forged\r\u001b[1A\u001b]0;title\u0007\u009b2K\u007f\b";
  const err = Object.assign(new Error(hostile, { cause: new Error(hostile) }), { [hostile]: hostile, list: [hostile] });
  for (const pretty of [true, false]) {
    const { logger, lines } = capture({ pretty });
    logger.error({ err, topic: hostile, [hostile]: { [hostile]: [hostile] } }, hostile);
    const text = lines.join("");
    const outOfLine = pretty ? /[^\P{Cc}\n]/u : /[^\P{Cc}\n\u007f-\u009f]/u;
    assert.doesNotMatch(text, outOfLine);
    const started = text.split("\n").filter((line) => /^\S/.test(line));
    assert.equal(started.length, 1, text);
  }
});
