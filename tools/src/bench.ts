// Measures ours beside a bare relay on this machine and prints the table: see docs/performance.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { syncAlways as syncAlwaysConfig } from "@sense-alerts/test-kit";
import { measureBursts } from "./bench/burst.js";
import { type Extent, inExtent } from "./bench/extent.js";
import { measureBacklog, measureIdle, measureMemory, measureStart } from "./bench/footprint.js";
import { measureGrowth } from "./bench/growth.js";
import { measureLatency } from "./bench/latency.js";
import { measureRate } from "./bench/rate.js";
import type { Row } from "./bench/row.js";
import { senderPerSecond } from "./bench/sender.js";
import { heading } from "./terminal.js";

const parts = ["burst", "rate", "latency", "memory", "start", "idle", "backlog", "growth"] as const;
type Part = (typeof parts)[number];

const usage = `npm run bench                        the whole table, about ten minutes
npm run bench -- --quick             a look at most of it, in about a minute
npm run bench -- --only=rate,start   some of: ${parts.join(", ")}
npm run bench -- --sync-always       with a NATS that syncs each event to the disk before it acknowledges it, as Compose,
                                     the demo and the values for production have it; nats-server 2.10 or later
npm run bench -- --json=FILE         where the figures go; tools/dist/bench.json if left out`;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: parts.join(",") },
    json: { type: "string", default: fileURLToPath(new URL("../bench.json", import.meta.url)) },
    "sync-always": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

async function main(): Promise<void> {
  if (options.help) return console.log(usage);
  const only = options.only.split(",");
  const unknown = only.filter((part) => !parts.some((known) => known === part));
  if (unknown.length > 0) {
    console.error(`--only takes some of ${parts.join(", ")}, with commas between; ${unknown.join(", ")} is none.`);
    process.exitCode = 2;
    return;
  }
  const syncAlways = options["sync-always"];
  if (syncAlways && syncAlwaysConfig() === "") {
    console.error("--sync-always takes nats-server 2.10 or later: name one in NATS_SERVER.");
    process.exitCode = 2;
    return;
  }
  const wants = (part: Part) => only.includes(part);
  const startMs = performance.now();
  const machine = `${cpus().length} cores, ${cpus()[0]?.model.trim() ?? "unknown"}, Node ${process.versions.node}`;
  const sender = await senderPerSecond();
  console.log(heading(`sense-alerts bench: ${machine}${syncAlways ? ", sync_interval: always" : ""}`));
  console.log(`The sender sends ${Math.round(sender / 1_000)},000 datagrams a second when nobody receives them.`);

  const rows = await inExtent({ isQuick: options.quick, syncAlways }, (extent) => measure(wants, extent));

  print(rows);
  const seconds = Math.round((performance.now() - startMs) / 1_000);
  const short = rows.filter(({ reached }) => !reached).length;
  console.log(`\n${rows.length - short} of ${rows.length} goals reached, ${short} fall short; ${seconds} s.`);
  if (options.quick)
    console.log("This was a quick look: short runs scatter. The figures that count are those of npm run bench.");
  mkdirSync(dirname(options.json), { recursive: true });
  const figures = {
    date: new Date().toISOString(),
    machine,
    quick: options.quick,
    syncAlways,
    senderPerSecond: sender,
    rows,
  };
  writeFileSync(options.json, `${JSON.stringify(figures, undefined, 2)}\n`);
  console.log(`Figures: ${options.json}`);
}

async function measure(wants: (part: Part) => boolean, extent: Extent): Promise<Row[]> {
  const rows: Row[] = [];
  if (wants("burst")) rows.push(...(await measureBursts(extent)));
  // In a quick look the services are the same for all rows, and the rate is measured by more than they can deal with.
  if (wants("memory")) rows.push(...(await measureMemory(extent)));
  const rate = wants("rate") ? await measureRate(extent) : undefined;
  rows.push(...(rate?.rows ?? []));
  if (wants("latency")) rows.push(...(await measureLatency(extent)));
  if (wants("start")) rows.push(...(await measureStart(extent)));
  if (wants("idle")) rows.push(...(await measureIdle(extent)));
  if (wants("backlog")) rows.push(...(await measureBacklog(extent, rate?.oursPerSecond)));
  if (wants("growth")) rows.push(...(await measureGrowth(extent)));
  return rows;
}

function print(rows: readonly Row[]): void {
  console.log("\n| | work | measured | goal | |\n|---|---|---|---|---|");
  for (const { row, work, measured, goal, reached } of rows) {
    console.log(`| ${row} | ${work} | ${measured} | ${goal} | ${reached ? "reached" : "**short**"} |`);
  }
}

await main();
