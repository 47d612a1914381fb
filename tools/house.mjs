// @ts-check
// Prints how large the code is: lines of src per package, the longest files, and import cycles. Fails when a file of a
// service or a library has too many lines, or when there is a cycle.
//   npm run house
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const mostLines = 200;
const longestShown = 10;
/** Not part of what runs in production. */
const forTests = ["libs/test-kit", "e2e", "tools"];

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const files = packageFolders()
  .flatMap((pkg) => readdirSync(join(pkg, "src"), { recursive: true, encoding: "utf8" }).map((name) => ({ pkg, name })))
  .filter(({ name }) => name.endsWith(".ts"))
  .map(({ pkg, name }) => ({ pkg, path: `${pkg}/src/${name.split(sep).join("/")}` }))
  .map((file) => ({ ...file, lines: linesOf(file.path) }));
const inProduction = files.filter(({ pkg }) => !forTests.includes(pkg));
/** @type {Map<string, number>} */
const packages = new Map();
for (const { pkg, lines } of files) packages.set(pkg, (packages.get(pkg) ?? 0) + lines);

console.log("Lines of src per package");
for (const [pkg, lines] of [...packages].sort()) console.log(`  ${String(lines).padStart(6)}  ${pkg}`);
console.log(`  ${String(sumOf(inProduction)).padStart(6)}  in production (without ${forTests.join(", ")})`);

const longest = inProduction.toSorted((one, other) => other.lines - one.lines);
console.log("\nLongest files in production");
for (const { path, lines } of longest.slice(0, longestShown)) console.log(`  ${String(lines).padStart(6)}  ${path}`);

const biome = join("node_modules", "@biomejs", "biome", "bin", "biome");
const cycles = spawnSync(process.execPath, [biome, "lint", "--only=suspicious/noImportCycles", "."], {
  encoding: "utf8",
});
console.log(`\nImport cycles: ${cycles.status === 0 ? "none" : `\n${cycles.stdout}${cycles.stderr}`}`);

const tooLong = longest.filter(({ lines }) => lines > mostLines);
for (const { path, lines } of tooLong) console.error(`${path} has ${lines} lines; ${mostLines} are allowed: split it.`);
if (tooLong.length > 0 || cycles.status !== 0) process.exitCode = 1;

function packageFolders() {
  const inFolders = ["libs", "services"].flatMap((dir) => readdirSync(dir).map((name) => `${dir}/${name}`));
  return [...inFolders, "e2e", "tools"];
}

/** @param {string} path */
function linesOf(path) {
  return readFileSync(path, "utf8").split("\n").length - 1;
}

/** @param {readonly { readonly lines: number }[]} counted */
function sumOf(counted) {
  return counted.reduce((sum, { lines }) => sum + lines, 0);
}
