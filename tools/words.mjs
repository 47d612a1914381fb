// @ts-check
// Finds words that house-style replaces by the terms of the field, in the code of services and libraries and in the
// documentation. Add a word here when a review had to replace it.
//   node tools/words.mjs
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Word or phrase, and what to write instead. */
const replacements = {
  anew: "again",
  aside: "deferred, rejected",
  held: "pending, stored, kept",
  hitherto: "until now",
  "of which": "whose",
  sieve: "filter",
  told: "logged, reported, known",
  trail: "history",
  whence: "from where",
};

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const listed = spawnSync("git", ["ls-files", "services/*/src/*.ts", "libs/*/src/*.ts", "*.md"], { encoding: "utf8" });
const files = listed.stdout.split("\n").filter((path) => path !== "" && !path.startsWith("libs/test-kit/"));
const wanted = new RegExp(`\\b(${Object.keys(replacements).join("|")})\\b`, "gi");
let found = 0;
for (const path of files) {
  const lines = readFileSync(path, "utf8").split("\n");
  for (const [index, line] of lines.entries()) {
    for (const [word] of line.matchAll(wanted)) {
      found++;
      const better = replacements[/** @type {keyof typeof replacements} */ (word.toLowerCase())];
      console.error(`${path}:${index + 1}: write ${better} in place of "${word}": ${line.trim()}`);
    }
  }
}
if (files.length === 0) console.error("git lists no files here: run this in a clone.");
if (found > 0 || files.length === 0) process.exitCode = 1;
