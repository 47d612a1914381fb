import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

// Debian puts servers where a normal user's PATH does not reach.
const serverFolders = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/homebrew/sbin"];

/** The path of an installed program. Throws, with the command that installs it, when there is none. */
export function findProgram(name: string): string {
  const { PATH = "" } = process.env;
  const folders = [...PATH.split(delimiter), ...serverFolders];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found === undefined) throw new Error(`${name} is not installed: run node tools/prepare.mjs --servers`);
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
