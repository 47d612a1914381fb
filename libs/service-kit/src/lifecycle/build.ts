import { readFileSync } from "node:fs";
import type { Build } from "../metrics.js";
import type { Environment } from "../settings/given-text.js";

const packageJson = new URL("../../../package.json", import.meta.url);

/**
 * What runs: the version, which all packages of the workspace share, and the revision that an image carries in
 * SOURCE_REVISION.
 */
export function readBuild(env: Environment): Required<Build> {
  const { version } = JSON.parse(readFileSync(packageJson, "utf8")) as { version?: unknown };
  const { SOURCE_REVISION: revision } = env;
  return { version: String(version), revision: revision || "unknown" };
}
