// Runs the same checks against every MQTT broker that is available here and prints one table: see docs/brokers.md.
import { parseArgs } from "node:util";
import { inScope } from "./bench/in-scope.js";
import { availableBrokers } from "./broker-conformance/available.js";
import { runBroker } from "./broker-conformance/run-broker.js";
import { type Row, tableOf } from "./broker-conformance/table.js";

const usage = `npm run test:brokers                    every broker that is available
npm run test:brokers -- hivemq artemis  only these

BROKER_LAUNCHER names a program that starts brokers (docs/brokers.md). Without it, and for brokers that it does not offer,
public images are used where a Docker engine answers, and Mosquitto where it is installed.`;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: "boolean" } } });

async function main(): Promise<void> {
  if (values.help) return console.log(usage);
  const { sources, missing } = await availableBrokers(positionals, process.env["BROKER_LAUNCHER"]);
  const rows: Row[] = [];
  for (const source of sources) {
    const startMs = performance.now();
    try {
      const { version, results } = await inScope((scope) => runBroker(scope, source));
      rows.push({ broker: source.name, version, results });
    } catch (error) {
      const reason = `not started: ${error instanceof Error ? error.message : String(error)}`;
      rows.push({ broker: source.name, version: "", results: new Map([["connect", { state: "failed", reason }]]) });
    }
    const seconds = Math.round((performance.now() - startMs) / 1_000);
    const failures = [...(rows.at(-1)?.results ?? [])].filter(([, { state }]) => state === "failed");
    console.log(`${source.name.padEnd(10)} ${failures.length === 0 ? "passed" : "failed"} (${seconds} s)`);
    for (const [name, result] of failures) {
      if (result.state === "failed") console.log(`           ${name}: ${result.reason.slice(0, 1_000)}`);
    }
  }
  console.log(`\n${tableOf(rows)}`);
  for (const { name, howToGetIt } of missing) console.log(`${name} is not available. ${howToGetIt}`);
  const hasFailed = rows.some(({ results }) => [...results.values()].some(({ state }) => state === "failed"));
  if (hasFailed || rows.length === 0) process.exitCode = 1;
}

await main();
