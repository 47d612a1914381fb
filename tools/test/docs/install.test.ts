import assert from "node:assert/strict";
import { test } from "node:test";
import { createRereader } from "@sense-alerts/udp-ingest/reread";
import { read } from "../fixtures/pages.js";

const page = read("docs/install.md");
const logConfig = read("services/udp-ingest/log-appender/LocalLogConfig.xml");

const namesOf = (xml: string, element: string, attribute: string) =>
  Array.from(xml.matchAll(new RegExp(`<${element} ${attribute}="([^"]+)"`, "g")), ([, name = ""]) => name);

const reread = createRereader({
  subjectPrefix: "sense",
  maxDatagramBytes: 65_507,
  fallbackEncoding: "windows-1252",
  senseTimezone: undefined,
});

test("the datagram of the PowerShell lines in docs/install.md is read as a failed task", () => {
  const [, datagram = ""] = /^ *\$datagram = '(\/[^']+)'$/m.exec(page) ?? [];
  const reading = reread({ bytes: Buffer.from(datagram), headers: {}, storedAtMs: Date.now() });
  assert.ok(reading.ok);
  assert.equal(reading.event.type, "sense.task.failed");
  assert.equal("taskName" in reading.event.data && reading.event.data.taskName, "Test from this Sense server");
  assert.match(page, /shows? up .* on the broker as `Test from this Sense server`/);
});

test("the datagram of the PowerShell lines in README.md is read as a failed task", () => {
  const [, datagram = ""] = /GetBytes\("([^"]+)"\)/.exec(read("README.md")) ?? [];
  assert.ok(datagram.includes("$(Get-Date -Format s)"));
  const bytes = Buffer.from(datagram.replace("$(Get-Date -Format s)", "2026-11-20T06:30:01"));
  const reading = reread({ bytes, headers: {}, storedAtMs: Date.now() });
  assert.ok(reading.ok);
  assert.equal(reading.event.type, "sense.task.failed");
  assert.equal("taskName" in reading.event.data && reading.event.data.taskName, "Test of 2026-11-20T06:30:01");
});

test("the merged file in docs/install.md has the loggers and the appenders of LocalLogConfig.xml", () => {
  const [, merged = ""] = /```xml\n([\s\S]*?)```/.exec(page) ?? [];
  assert.deepEqual(namesOf(merged, "logger", "name"), namesOf(logConfig, "logger", "name"));
  const refs = namesOf(merged, "appender-ref", "ref").filter((ref) => ref.startsWith("SenseAlerts"));
  assert.deepEqual(refs, namesOf(logConfig, "appender", "name"));
});
