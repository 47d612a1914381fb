// @ts-check
// Finds words that the terms of the field replace, in the code of all packages and in the documentation. Add a word here
// when a review had to replace it.
//   node tools/words.mjs
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
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
const code = ["libs", "services"].flatMap((dir) => readdirSync(dir).map((name) => join(dir, name, "src")));
const files = [
  ...[...code, join("e2e", "src"), join("tools", "src")].flatMap((dir) => filesIn(dir, ".ts")),
  ...["docs", "k8s"].flatMap((dir) => filesIn(dir, ".md")),
  ...readdirSync(".").filter((name) => name.endsWith(".md")),
];
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
if (found > 0) process.exitCode = 1;

/** @param {string} dir @param {string} ending */
function filesIn(dir, ending) {
  const names = readdirSync(dir, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(ending)).map((name) => join(dir, name));
}
