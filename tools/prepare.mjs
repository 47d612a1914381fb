// @ts-check
// Makes a fresh clone ready, with nothing but Node there: the dependencies, with --servers the servers that tests and demo start,
// with --prometheus what checks metrics and rules, with --browser what the tests look at the status page with, with --kubectl what
// renders the Kubernetes manifests, and the compiled code. Does only what is not done yet. Prints a line for each thing it does, and why it stops when it must.
import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureKubectl } from "./kubectl.mjs";
import { ensurePrometheus } from "./prometheus.mjs";

const oldestNode = [20, 19];
const servers = {
  what: "the servers that the tests start",
  programs: ["nats-server", "mosquitto", "mosquitto_sub", "mosquitto_pub", "openssl"],
  debianPackages: ["nats-server", "mosquitto", "mosquitto-clients", "openssl"],
  howToInstall: `Tests and demo start these servers themselves, on free ports; install them with

  Debian, Ubuntu   sudo apt-get install nats-server mosquitto mosquitto-clients openssl
  macOS            brew install nats-server mosquitto openssl

and run this again. To try the services without them, run the two servers in containers and point NATS_URL and MQTT_URL there:

  docker run -d -p 4222:4222 nats:2 -js
  docker run -d -p 1883:1883 eclipse-mosquitto:2 mosquitto -c /mosquitto-no-auth.conf

Tests and demo stop and start the servers as they go, so these two need the programs.`,
};
const browser = {
  what: "the browser that the tests look at the status page with",
  programs: ["chromium"],
  debianPackages: ["chromium"],
  howToInstall: `The tests look at the status page with it; install it with

  Debian   sudo apt-get install chromium
  macOS    brew install --cask chromium

or have a program named chromium in the PATH, such as a link to Chrome or Edge, and run this again. Nothing but these tests needs it.`,
};
// Debian puts servers where a normal user's PATH does not reach.
const programFolders = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/homebrew/sbin"];

const root = fileURLToPath(new URL("..", import.meta.url));

class Failure extends Error {}

try {
  checkNode();
  installDependencies();
  if (process.argv.includes("--servers")) install(servers);
  if (process.argv.includes("--browser")) install(browser);
  const missingPrometheus = process.argv.includes("--prometheus") ? ensurePrometheus() : undefined;
  if (missingPrometheus !== undefined) throw new Failure(missingPrometheus);
  const missingKubectl = process.argv.includes("--kubectl") ? ensureKubectl() : undefined;
  if (missingKubectl !== undefined) throw new Failure(missingKubectl);
  compile();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new Failure(
    `This is Node ${process.versions.node}; it takes Node ${oldestNode.join(".")} or newer (https://nodejs.org).`,
  );
}

function installDependencies() {
  if (dependenciesAreInstalled()) return;
  console.log("Installing the dependencies (npm ci)");
  run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], "npm ci failed: see above.");
}

/** Whether node_modules holds what package-lock.json asks for, by npm's own record of what it put there. */
function dependenciesAreInstalled() {
  const wanted = readPackages("package-lock.json");
  const installed = readPackages("node_modules/.package-lock.json");
  return Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path];
    if (path === "") return true; // the project itself
    if (found === undefined) return entry.optional === true; // for another platform
    return found.version === entry.version && found.integrity === entry.integrity && found.resolved === entry.resolved;
  });
}

/**
 * @param {string} lockFile
 * @returns {Record<string, { version?: string, integrity?: string, resolved?: string, optional?: boolean }>}
 */
function readPackages(lockFile) {
  try {
    return JSON.parse(readFileSync(join(root, lockFile), "utf8")).packages;
  } catch {
    return {}; // nothing is installed
  }
}

/** @param {typeof servers} wanted */
function install({ what, programs, debianPackages, howToInstall }) {
  if (missing(programs).length === 0) return;
  const asRoot = process.getuid?.() === 0 ? ["env"] : ["sudo", "-n", "env"];
  /** @param {string[]} args */
  const aptGet = (...args) => capture(asRoot.concat("DEBIAN_FRONTEND=noninteractive", "apt-get", args));
  const notFound = () => `Not found: ${missing(programs).join(", ")}. ${howToInstall}`;
  if (!aptGet("--version").ok) throw new Failure(notFound());
  console.log(`Installing ${what} (apt-get install ${debianPackages.join(" ")})`);
  const update = aptGet("update");
  const installed = aptGet("install", "-y", "--no-install-recommends", ...debianPackages);
  // What counts is that the programs are there, not that Debian could start services of its own, which nobody needs here.
  if (missing(programs).length > 0) throw new Failure(`${update.output}\n${installed.output}\n${notFound()}`);
}

/** @param {readonly string[]} programs */
function missing(programs) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...programFolders];
  return programs.filter((program) => !folders.some((folder) => isExecutable(join(folder, program))));
}

function compile() {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  run([process.execPath, tsc, "-b"], "The code does not compile: see above.");
}

/**
 * Runs a command in the project's root; shows what it printed only when it fails.
 * @param {string[]} command
 * @param {string} failure
 */
function run(command, failure) {
  const { ok, output } = capture(command);
  if (!ok) throw new Failure(`${output}\n${failure}`);
}

/** @param {string[]} command */
function capture([program = "", ...args]) {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32" && program === "npm", // npm is a .cmd file there
  });
  const output = error === undefined ? `${stdout}${stderr}`.trimEnd() : `${program}: ${error.message}`;
  return { ok: status === 0, output };
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
