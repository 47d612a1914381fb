import type { Environment } from "../settings/given-text.js";
import { lookalikes } from "../settings/lookalikes.js";
import { printSettings } from "../settings/print-settings.js";
import type { SettingsSpec } from "../settings/setting.js";
import { exitOnWrongSettings } from "./process-events.js";

export interface Arguments {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Environment;
  readonly spec: SettingsSpec;
  readonly readSettings: (env: Environment) => unknown;
}

/** EX_USAGE of sysexits.h. */
const exitUsage = 64;

/**
 * Does what the arguments ask for in place of a start, and leaves the exit code behind: 0; 64 for arguments that are
 * not known; 78 for wrong settings. Opens nothing but the files that settings name.
 */
export function answerArguments({ name, args, env, spec, readSettings }: Arguments): void {
  const [argument, ...rest] = args;
  if (argument === "--help" && rest.length === 0) {
    process.stdout.write(helpOf(name));
  } else if (argument === "--check-config" && rest.length === 0) {
    for (const { given, meant } of lookalikes(spec, env)) {
      process.stderr.write(`warning: ${given} is no setting of ${name}; is ${meant} meant?\n`);
    }
    exitOnWrongSettings(name, () => readSettings(env));
    process.stdout.write(`${name}: the settings are right.\n`);
  } else if (argument === "--print-config" && rest.length === 0) {
    exitOnWrongSettings(name, () => readSettings(env));
    process.stdout.write(printSettings(name, spec, env));
  } else {
    process.stderr.write(`${name} takes one of --check-config, --print-config and --help, or no argument at all.\n`);
    process.exitCode = exitUsage;
  }
}

function helpOf(name: string): string {
  return `${name} is a service: without an argument it runs until SIGTERM. Environment variables are its settings.

  --check-config   says whether the settings are right, or lists all that is wrong; opens nothing
  --print-config   prints every setting with the value in force and where that comes from; secrets are masked
  --help           prints this

Exit codes: 0 all is right, 64 wrong argument, 78 wrong settings.
`;
}
