import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { rejections } from "@sense-alerts/udp-ingest/reread";
import { parse } from "yaml";
import { read, root } from "../fixtures/pages.js";

const page = read("docs/troubleshooting.md");
const quotes = Array.from(page.matchAll(/“([^”]+)”/g), ([, quote = ""]) => quote);

/** The source of the services and of what they are made of. */
const sources = ["services", "libs"]
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name, "src")))
  .filter((src) => !src.includes("test-kit") && !src.includes("test-alert"))
  .flatMap((src) => readdirSync(join(root, src), { recursive: true, encoding: "utf8" }).map((path) => join(src, path)))
  .filter((path) => path.endsWith(".ts"))
  .map(read);

/** The headings one level below this one. */
function headingsUnder(heading: string): string[] {
  const [, section = ""] = page.split(new RegExp(`^## ${heading}$`, "m"));
  const [own = ""] = section.split(/^## /m);
  return Array.from(own.matchAll(/^### (.+)$/gm), ([, title = ""]) => title);
}

/** The texts that the calls of these levels give to the logger. */
function loggedTexts(source: string): string[] {
  const texts: string[] = [];
  for (const call of source.matchAll(/(?:logger|options)\.(?:warn|error|fatal)(?=\()/g)) {
    let depth = 0;
    for (const [token] of source.slice(call.index + call[0].length).matchAll(/"(?:[^"\\]|\\.)*"|[()]/g)) {
      if (token === "(") depth++;
      else if (token === ")") depth--;
      else if (/^"[a-z].* /.test(token)) texts.push(token.slice(1, -1));
      if (depth === 0) break;
    }
  }
  return texts;
}

test("docs/troubleshooting.md has a section for every alert rule, and for no other", () => {
  const { groups } = parse(read("k8s/components/monitoring/alert-rules.yml")) as {
    groups: readonly { rules: readonly { alert?: string }[] }[];
  };
  const alerts = groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
  assert.ok(alerts.length > 10);
  assert.deepEqual(headingsUnder("Alerts of Prometheus"), alerts);
});

test("docs/troubleshooting.md has a section for every reason why a datagram is rejected, and for no other", () => {
  assert.deepEqual(headingsUnder("Rejected datagrams"), [...rejections]);
});

test("every log line that docs/troubleshooting.md quotes is one that the code writes", () => {
  assert.ok(quotes.length > 80);
  // The whole of a string, or the beginning of one up to what is filled in.
  const isWritten = (quote: string) =>
    sources.some((source) => source.includes(`"${quote}"`) || source.includes(`\`${quote}\${`));
  assert.deepEqual(
    quotes.filter((quote) => !isWritten(quote)),
    [],
  );
});

test("every warning and error that the services log is in docs/troubleshooting.md", () => {
  const [, table = ""] = page.split(/^## Log lines$/m);
  const texts = sources.flatMap(loggedTexts);
  assert.ok(texts.length > 40);
  assert.ok(texts.includes("the broker's certificate is not checked") && texts.includes("waiting for the broker"));
  assert.deepEqual(
    texts.filter((text) => !table.includes(`| “${text}” |`)),
    [],
  );
});
