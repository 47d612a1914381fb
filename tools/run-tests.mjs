// @ts-check
// Runs the compiled tests of all packages with node's test runner.
//   node tools/run-tests.mjs                      all test files except the slow ones (npm test)
//   node tools/run-tests.mjs --all                all test files, with their coverage (npm run test:all)
//   node tools/run-tests.mjs alert-path outbox    the files whose path contains one of the words, slow ones included
//   node tools/run-tests.mjs --kind=docker        the files that end in .docker-test.js and need what others do not
//   node tools/run-tests.mjs --kind=drill         the files that end in .drill-test.js, and the table of what they measured
// A file is slow when its name ends in .slow.test.ts: it waits for real timeouts and outages, or starts many processes. The other
// files together take at most four minutes on two cores. They include one test for each row of the delivery guarantee; what happens
// to both services in a NATS cluster and after a power cut is shown by --kind=drill.
// A run without words prints a line for each test file, and the last thing it prints is the summary of node's test runner.
// --all also measures the coverage, spawned services included, fails below the threshold, and writes the report to coverage/.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { printFigures } from "./figures.mjs";

const minimumCoverage = { lines: 90 };
const notMeasured = ["libs/test-kit", "e2e", "tools"];
const c8 = join("node_modules", "c8", "bin", "c8.js");
const isSoak = process.env["SOAK"] === "1";
const fileTimeoutMs = (isSoak ? 60 : 10) * 60_000;

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

const kind = process.argv.find((argument) => argument.startsWith("--kind="))?.slice("--kind=".length);
const suffix = kind === undefined ? ".test.js" : `.${kind}-test.js`;
// Containers share one engine, and drills measure: both are left more of the machine.
const filesAtOnce = kind === undefined ? (isSoak ? 2 : 4) : 1;
const words = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const isWhole = words.length === 0 && kind === undefined;
const isAll = isWhole && process.argv.includes("--all");
const packages = workspaces();
const all = packages.flatMap((dir) => compiledFiles(dir, "test")).filter((file) => file.endsWith(suffix));
const isSlow = (/** @type {string} */ file) => isWhole && !isAll && file.endsWith(".slow.test.js");
const chosen = all.filter((file) => !isSlow(file) && (words.length === 0 || words.some((word) => file.includes(word))));
if (chosen.length === 0) {
  console.error(
    words.length === 0 ? "There are no compiled tests: run npm test." : `No test file matches ${words.join(", ")}.`,
  );
  process.exit(1);
}
const left = isWhole && chosen.length < all.length ? "; the slow ones run with npm run test:all" : "";
console.log(`Running ${chosen.length}${chosen.length === all.length ? "" : ` of ${all.length}`} test files${left}`);

const scratch = mkdtempSync(join(tmpdir(), "sense-alerts-tests-"));
// npm run test:soak names a file of its own, for the figures of more than one run.
const figuresFile = kind === "drill" && !process.env["SOAK_FIGURES"] ? join(scratch, "figures.jsonl") : undefined;

const reporter = isWhole ? "./tools/file-reporter.mjs" : "spec";
const run = spawn(
  process.execPath,
  [
    ...(isAll ? [c8, "--config", coverageConfig(), process.execPath] : []),
    ...["--test", `--test-reporter=${reporter}`, `--test-concurrency=${filesAtOnce}`],
    ...[`--test-timeout=${fileTimeoutMs}`, ...chosen],
  ],
  { stdio: "inherit", env: { ...process.env, ...(figuresFile !== undefined && { SOAK_FIGURES: figuresFile }) } },
);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => run.kill(/** @type {NodeJS.Signals} */ (signal))); // the runner ends the test files, and they their servers
}
const [code] = await once(run, "close");
if (figuresFile !== undefined) printFigures(figuresFile);
rmSync(scratch, { recursive: true, force: true });
process.exitCode = code ?? 1;

/** Writes the configuration of c8, and returns its path. */
function coverageConfig() {
  const config = {
    all: true,
    include: packages
      .filter((dir) => !notMeasured.includes(dir))
      .flatMap((dir) => compiledFiles(dir, "src"))
      .filter(hasCode),
    reporter: ["lcov", "json-summary"],
    "reports-dir": "coverage",
    "temp-directory": join(scratch, "raw"),
    "check-coverage": true,
    ...minimumCoverage,
  };
  const path = join(scratch, "c8.json");
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** The folders of all packages, from package.json: "libs/*" is each folder in libs. */
function workspaces() {
  /** @type {{ workspaces: string[] }} */
  const { workspaces } = JSON.parse(readFileSync("package.json", "utf8"));
  return workspaces.flatMap((pattern) => {
    if (!pattern.endsWith("/*")) return [pattern];
    const parent = dirname(pattern);
    const folders = readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return folders.map((folder) => `${parent}/${folder.name}`);
  });
}

/**
 * The JavaScript files under dist/src or dist/test of a package, without those whose source is gone since they were
 * compiled.
 * @param {string} dir
 * @param {"src" | "test"} part
 */
function compiledFiles(dir, part) {
  const compiled = `${dir}/dist/${part}`;
  if (!existsSync(compiled)) return [];
  return readdirSync(compiled, { recursive: true })
    .map((name) => String(name).split(sep).join("/"))
    .filter((name) => name.endsWith(".js") && existsSync(`${dir}/${part}/${name.replace(/\.js$/, ".ts")}`))
    .map((name) => `${compiled}/${name}`)
    .sort();
}

/**
 * False for a module of types only: nobody ever loads it, so it would count as not covered.
 * @param {string} file
 */
function hasCode(file) {
  return !/^export \{\};\s*(\/\/.*\s*)?$/.test(readFileSync(file, "utf8"));
}
