import { execFileSync } from "node:child_process";
import { findProgram } from "./find-program.js";

/**
 * Lines for the configuration of the nats-server that tests, demo and bench start: an event is synced to the disk
 * before it is acknowledged. Empty for a server before 2.10, which refuses the field.
 */
export function syncAlways(): string {
  const output = execFileSync(findProgram("nats-server"), ["--version"], { encoding: "utf8" });
  return knowsSyncAlways(output) ? "jetstream {\n  sync_interval: always\n}\n" : "";
}

/** Whether the server that says this to `--version` knows `sync_interval: always`. */
export function knowsSyncAlways(output: string): boolean {
  const [, major = 0, minor = 0] = (/v(\d+)\.(\d+)\./.exec(output) ?? []).map(Number);
  return major > 2 || (major === 2 && minor >= 10);
}
