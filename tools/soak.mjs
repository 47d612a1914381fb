// @ts-check
// Runs the long forms of the fault drills and prints what they measured: twenty rounds, a ten-minute outage, 200,000 hostile
// datagrams. Takes about half an hour.
//   node tools/soak.mjs                 every drill
//   node tools/soak.mjs drill-nats      the files whose path holds one of the words
//   node tools/soak.mjs --kind=drill    the drills of a NATS that crashes, of a cluster and of a power cut (npm run test:drills)
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { printFigures } from "./figures.mjs";

const runTests = fileURLToPath(new URL("run-tests.mjs", import.meta.url));
const given = process.argv.slice(2);
const runs = given.length > 0 ? [given] : [["drill-", "conservation"], ["--kind=drill"]];
const scratch = mkdtempSync(join(tmpdir(), "sense-alerts-soak-"));
const figuresFile = join(scratch, "figures.jsonl");
let isStopped = false;
for (const args of runs) {
  const env = { ...process.env, SOAK: "1", SOAK_FIGURES: figuresFile };
  const run = spawn(process.execPath, [runTests, ...args], { stdio: "inherit", env });
  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => {
    isStopped = true;
    run.kill(signal);
  };
  process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGHUP", stop);
  const [code] = await once(run, "close");
  process.off("SIGINT", stop).off("SIGTERM", stop).off("SIGHUP", stop);
  if (code !== 0) process.exitCode = code ?? 1;
  if (isStopped) break;
}
printFigures(figuresFile);
rmSync(scratch, { recursive: true, force: true });
