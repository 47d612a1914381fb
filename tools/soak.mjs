// @ts-check
// Runs the long forms of the fault drills and prints what they measured: twenty rounds, a ten-minute outage, 200,000 hostile
// datagrams. Takes about a quarter of an hour.
//   node tools/soak.mjs                 every drill
//   node tools/soak.mjs drill-nats      the files whose path holds one of the words
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const words = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), "sense-alerts-soak-"));
const figuresFile = join(scratch, "figures.jsonl");
const run = spawn(
  process.execPath,
  [
    fileURLToPath(new URL("run-tests.mjs", import.meta.url)),
    ...(words.length > 0 ? words : ["drill-", "conservation"]),
  ],
  { stdio: "inherit", env: { ...process.env, SOAK: "1", SOAK_FIGURES: figuresFile } },
);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => run.kill(/** @type {NodeJS.Signals} */ (signal)));
}
const [code] = await once(run, "close");
if (existsSync(figuresFile)) printTable(readFileSync(figuresFile, "utf8").trim().split("\n"));
rmSync(scratch, { recursive: true, force: true });
process.exitCode = code ?? 1;

/**
 * A drill that failed reports no figures: it is in the summary of the tests alone.
 * @param {string[]} lines
 */
function printTable(lines) {
  console.log("\n     sent  delivered  repeats  drill");
  for (const line of lines) {
    const { drill, sent, delivered, repeats, ...others } = JSON.parse(line);
    const [first, second, third] = [
      String(sent).padStart(9),
      String(delivered).padStart(11),
      String(repeats).padStart(9),
    ];
    console.log(`${first}${second}${third}  ${drill}`);
    const rest = Object.entries(others).map(([name, value]) => `${name} ${value}`);
    if (rest.length > 0) console.log(`${" ".repeat(31)}${rest.join(", ")}`);
  }
}
