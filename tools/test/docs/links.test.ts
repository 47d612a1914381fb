import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { spec as alerterSpec } from "@sense-alerts/mqtt-alerter/settings";
import { describeSettings } from "@sense-alerts/service-kit";
import { spec as ingestSpec } from "@sense-alerts/udp-ingest/settings";
import { anchorsOf, linksOf, pagePaths, problemOf, read, root } from "../fixtures/pages.js";

const scripts = Object.keys((JSON.parse(read("package.json")) as { scripts: object }).scripts);
const settings = describeSettings({ ...ingestSpec, ...alerterSpec }).map(({ name }) => name);
/** What Compose alone knows, and the names of streams. */
const otherNames = [
  ...Array.from(read(".env.example").matchAll(/^#?([A-Z_]+)=/gm), ([, name = ""]) => name),
  ...["SENSE_EVENTS", "SENSE_REJECTED", "SENSE_DEAD_LETTERS", "SENSE_REQUESTS"],
  ...["X_EVENTS", "X_REJECTED", "X_DEAD_LETTERS"],
  ...["NODE_OPTIONS", "BROKER_LAUNCHER", "NATS_IP"],
  ...["UDP_INGEST_PASSWORD", "MQTT_ALERTER_PASSWORD", "DEAD_LETTERS_PASSWORD"],
];
const handWritten = pagePaths().filter((path) => !/messages|settings|decisions|CHANGELOG/.test(path));

for (const page of pagePaths()) {
  test(`no link in ${page} leads nowhere`, () => {
    assert.deepEqual(
      linksOf(read(page)).flatMap((link) => problemOf(link, page) ?? []),
      [],
    );
  });

  test(`no two headings of ${page} have one anchor`, () => {
    const anchors = anchorsOf(read(page));
    assert.deepEqual(
      anchors.filter((anchor, index) => anchors.indexOf(anchor) !== index),
      [],
    );
  });
}

test("a link to a missing file, heading or folder's heading is told", () => {
  const text = "# A b\n[x](#a-b) [y](#c) [z](../none.md) [d](decisions#a) `[code](#no)`\n```\n# c\n[e](#no)\n```\n";
  assert.deepEqual(linksOf(text), ["#a-b", "#c", "../none.md", "decisions#a"]);
  assert.deepEqual(anchorsOf(text), ["a-b"]);
  const problems = ["#no-such", "../none.md", "decisions#a", "install.md#no-such", "install.md#back-up"].map((link) =>
    problemOf(link, "docs/README.md"),
  );
  assert.deepEqual(problems, [
    "docs/README.md: docs/README.md has no heading #no-such",
    "docs/README.md: there is no none.md",
    "docs/README.md: docs/decisions is a folder and has no #a",
    "docs/README.md: docs/install.md has no heading #no-such",
    undefined,
  ]);
});

test("docs/README.md leads to every page of docs/", () => {
  const linked = linksOf(read("docs/README.md")).map((link) => `docs/${link.split("#")[0]}`);
  const pages = pagePaths().filter((path) => /^docs\/[^/]+$/.test(path) && path !== "docs/README.md");
  assert.ok(pages.length >= 6);
  assert.deepEqual(
    pages.filter((path) => !linked.includes(path)),
    [],
  );
});

test("README.md has 150 lines at most", () => {
  assert.ok(read("README.md").trimEnd().split("\n").length <= 150);
});

test("every file that ARCHITECTURE.md names is there", () => {
  const names = Array.from(
    read("ARCHITECTURE.md").matchAll(/`([\w./-]+\.(?:ts|json|yaml|md))`/g),
    ([, name = ""]) => name,
  );
  assert.ok(names.length > 40);
  const folders = ["", "services/udp-ingest/src", "services/mqtt-alerter/src"];
  assert.deepEqual(
    names.filter((name) => !folders.some((folder) => existsSync(join(root, folder, name)))),
    [],
  );
});

test("every drill and test that docs/guarantees.md names as a proof is there", () => {
  const tests = ["e2e", "services", "libs"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith("test.ts")),
  );
  const page = read("docs/guarantees.md");
  const rows = Array.from(page.matchAll(/^\|.*\| ([^|]+) \|$/gm), ([, cell = ""]) => cell).filter((cell) =>
    /`\w/.test(cell),
  );
  const faults = Array.from(page.matchAll(/^- \*\*[^*]+\*\*\s\(([^:]+)\):/gm), ([, names = ""]) => names);
  assert.ok(rows.length >= 5 && faults.length >= 15, `${rows.length} rows, ${faults.length} faults`);
  for (const text of [...rows, ...faults]) {
    for (const [, name = ""] of text.matchAll(/`([^`]+)`/g)) {
      assert.ok(
        tests.some((path) => path.includes(name)),
        `there is no test ${name}`,
      );
    }
  }
});

test("every npm script that a page names is there", () => {
  for (const page of pagePaths()) {
    for (const [, name = ""] of read(page).matchAll(/npm run (?:-s )?([\w:-]+)/g)) {
      assert.ok(scripts.includes(name), `${page}: npm run ${name}`);
    }
  }
});

test("every setting that a page names is there", () => {
  const known = new Set([...settings, ...settings.map((name) => `${name}_FILE`), ...otherNames]);
  for (const page of handWritten) {
    const names = Array.from(
      read(page).matchAll(/(?<![\w{$])(?:[A-Z][A-Z0-9]*_)+[A-Z0-9]+(?!\w|_?…)/g),
      ([name]) => name,
    );
    assert.deepEqual(
      names.filter((name) => !known.has(name)),
      [],
      page,
    );
  }
});

test("every metric that a page names is there", () => {
  const known = new Set(Array.from(read("docs/metrics.md").matchAll(/^\| `(\w+)`/gm), ([, name]) => name));
  for (const page of handWritten) {
    for (const [name] of read(page).matchAll(/(?:sensealerts|nodejs|process)_\w+/g)) {
      assert.ok(known.has(name), `${page}: ${name}`);
    }
  }
});
