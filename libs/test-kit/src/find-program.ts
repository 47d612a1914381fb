import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

// Debian puts servers where a normal user's PATH does not reach.
const serverFolders = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/homebrew/sbin"];

/** The option of tools/prepare.mjs that installs the program. */
const options: Readonly<Record<string, string>> = {
  chromium: "--browser",
  kubectl: "--kubectl",
  prometheus: "--prometheus",
  promtool: "--prometheus",
};

/** The environment variables that name a program to use instead of the installed one: `NATS_SERVER=<path> npm test`. */
const chosenBy: Readonly<Record<string, string>> = { "nats-server": "NATS_SERVER" };

/**
 * The path of a program: the chosen or the installed one. Throws, with the command that installs it, when there is
 * none.
 */
export function findProgram(name: string): string {
  const variable = chosenBy[name];
  const chosen = variable === undefined ? undefined : process.env[variable];
  if (variable !== undefined && chosen) {
    if (!isExecutable(chosen)) throw new Error(`${variable} is ${chosen}, which is no program`);
    return chosen;
  }
  const { PATH = "", XDG_CACHE_HOME } = process.env;
  // What tools/kubectl.mjs and tools/prometheus.mjs fetched, because what is installed would not do.
  const fetched = join(XDG_CACHE_HOME || join(homedir(), ".cache"), "sense-alerts", "bin");
  const folders = [fetched, ...PATH.split(delimiter), ...serverFolders];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  const option = options[name] ?? "--servers";
  if (found === undefined) throw new Error(`${name} is not installed: run node tools/prepare.mjs ${option}`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
