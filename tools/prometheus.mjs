// @ts-check
// Sees to prometheus and promtool, which check metrics, rules and dashboard: those that are installed, or else those of Debian's
// package, unpacked into a cache folder of the user. The package is not installed, since Debian would start its service.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const programs = ["prometheus", "promtool"];

/** Where findProgram() of the test kit looks first. */
const folder = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sense-alerts", "bin");

/** Returns what is wrong, or undefined when both programs are there. */
export function ensurePrometheus() {
  if (programs.every((program) => runs(program) || runs(join(folder, program)))) return undefined;
  const scratch = mkdtempSync(join(tmpdir(), "sense-alerts-prometheus-"));
  try {
    console.log(`Fetching prometheus and promtool out of Debian's package into ${folder}`);
    const output = download(scratch);
    const [archive] = readdirSync(scratch).filter((name) => name.endsWith(".deb"));
    if (archive === undefined) return `${output}\n${howToInstall}`;
    spawnSync("dpkg-deb", ["--extract", archive, "package"], { cwd: scratch });
    mkdirSync(folder, { recursive: true });
    for (const program of programs) {
      const whole = join(folder, `${program}-${process.pid}`);
      copyFileSync(join(scratch, "package", "usr", "bin", program), whole);
      chmodSync(whole, 0o755);
      renameSync(whole, join(folder, program)); // never half a program, whoever else does the same
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return programs.every((program) => runs(join(folder, program))) ? undefined : howToInstall;
}

const howToInstall = `Not found: prometheus and promtool, which check metrics, alert rules and dashboard. Install them with

  Debian, Ubuntu   sudo apt-get install --no-install-recommends prometheus
  macOS            brew install prometheus

and run this again. They have to be on the PATH; no service of theirs is needed.`;

/**
 * What apt-get said. The lists of packages may be missing or old, and only root can fetch them.
 * @param {string} dir
 */
function download(dir) {
  const asRoot = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const commands = [
    ["apt-get", "download", "prometheus"],
    [...asRoot, "apt-get", "update"],
  ];
  let output = "";
  for (const [program = "", ...args] of [...commands, ...commands.slice(0, 1)]) {
    const { status, error, stdout, stderr } = spawnSync(program, args, { cwd: dir, encoding: "utf8" });
    output += error === undefined ? `${stdout}${stderr}` : `${program}: ${error.message}\n`;
    if (status === 0 && args.includes("download")) break;
  }
  return output;
}

/** @param {string} program */
function runs(program) {
  return spawnSync(program, ["--version"]).status === 0;
}
