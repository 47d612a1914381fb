import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { readSettings as readAlerterSettings } from "@sense-alerts/mqtt-alerter/settings";
import { readSettings as readIngestSettings } from "@sense-alerts/udp-ingest/settings";
import { stringify } from "yaml";
import { type ButlerFile, isSection, readButlerFile } from "../../src/butler-config/butler-file.js";
import { envFileOf } from "../../src/butler-config/env-file.js";
import { reportOf } from "../../src/butler-config/report.js";
import { type Entry, translate } from "../../src/butler-config/translate.js";

export const template = (version: number) =>
  readFileSync(fileURLToPath(new URL(`../../../test/fixtures/butler-${version}.yaml`, import.meta.url)), "utf8");

function fileOf(text: string): ButlerFile {
  const reading = readButlerFile(Buffer.from(text));
  assert.ok(reading.ok, reading.ok ? "" : reading.problem);
  return reading.file;
}

type Translated = {
  readonly file: ButlerFile;
  readonly entries: readonly Entry[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly envFile: string;
  readonly ingest: ReturnType<typeof readIngestSettings>;
  readonly alerter: ReturnType<typeof readAlerterSettings>;
  readonly output: string;
};

/** What comes of a file: its entries, and the variables as node reads them from the .env. Both services take them. */
export function translated(text: string): Translated {
  const file = fileOf(text);
  const entries = translate(file);
  const envFile = envFileOf(entries, "production.yaml");
  const env: Readonly<Record<string, string | undefined>> = parseEnv(envFile);
  assert.deepEqual({ ...env }, Object.assign({}, ...entries.map(({ written }) => written)));
  return {
    ...{ file, entries, env, envFile },
    ingest: readIngestSettings(env),
    alerter: readAlerterSettings(env),
    output: `${envFile}\n${reportOf(entries).join("\n")}`,
  };
}

export function entryOf(entries: readonly Entry[], path: string): Entry {
  const entry = entries.find(({ keys }) => keys.some((key) => key.path === path));
  assert.ok(entry, `${path} is not told`);
  return entry;
}

/** A file with these keys alone. */
export const butler = (sections: object) => stringify({ Butler: sections });

/** Every key with a value is told once, by itself or by a section that it lies in. */
export function assertEachKeyIsToldOnce(file: ButlerFile, entries: readonly Entry[]): void {
  const told = entries.flatMap(({ keys }) => keys.map(({ path }) => path));
  for (const { path, value } of file.values()) {
    if (isSection(value) && Object.keys(value).length > 0) continue;
    const by = told.filter((key) => path === key || path.startsWith(`${key}.`));
    assert.equal(by.length, 1, `${path} is told by ${by.join(" and ") || "nothing"}`);
  }
}

export const outcomesOf = (entries: readonly Entry[], outcome: Entry["outcome"]) =>
  entries.filter((entry) => entry.outcome === outcome).flatMap(({ keys }) => keys.map(({ path }) => path));
