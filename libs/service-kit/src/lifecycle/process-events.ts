import { writeSync } from "node:fs";
import type { Logger } from "../logger.js";
import { SettingsError } from "../settings/settings-error.js";

/** EX_CONFIG of sysexits.h: a person must change the configuration, a restart does not help. */
const exitConfig = 78;

/** The settings, or the end of the process with code 78 and the list of problems on stderr. */
export function exitOnWrongSettings<S>(service: string, read: () => S): S {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    writeSync(2, `${service} cannot start: ${error.message}\n`);
    process.exit(exitConfig);
  }
}

/**
 * One fatal line and exit code 1 for an exception or a rejection that nothing caught: what state is left nobody knows.
 */
export function exitOnCrash(logger: Logger): void {
  process.on("uncaughtException", (err, origin) => {
    logger.fatal({ err, origin }, "uncaught exception");
    process.exit(1);
  });
}

/** Calls `onFirst` at the first SIGTERM or SIGINT; the second ends the process at once with code 1. */
export function onStopSignals(logger: Logger, onFirst: (signal: string) => void): void {
  let seen = 0;
  const listener = (signal: string) => {
    seen++;
    if (seen === 1) return onFirst(signal);
    logger.error({ signal }, "second signal, exiting at once");
    process.exit(1);
  };
  process.on("SIGTERM", listener);
  process.on("SIGINT", listener);
}
