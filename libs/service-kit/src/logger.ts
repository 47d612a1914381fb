import { isatty } from "node:tty";
import { type Logger, pino, stdTimeFunctions } from "pino";
import { prettyLines } from "./pretty-lines.js";

export type { Logger };

/** What a part needs of a logger: one level, as a function. */
export type LogLine = (fields: object, msg: string) => void;

export interface LoggerOptions {
  /** The service. */
  readonly name: string;
  readonly level: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  /** For human eyes instead of JSON; auto = only when stdout is a terminal. */
  readonly pretty: "auto" | boolean;
  /** Which of several replicas. */
  readonly instance: string;
  /** Where whole lines go instead of stdout. */
  readonly destination?: { write(line: string): void };
}

const secretKeys = ["password", "pass", "token", "seed", "secret", "authorization", "credentials", "privateKey"];

/**
 * A pino logger that writes JSON lines to stdout: `level` as a word, `time` in ISO 8601 UTC, `service`, `instance`,
 * `msg`. Writes are synchronous, so that nothing is lost when the process exits. Values under the names of credentials
 * are censored, at the top and one level down; errors go under `err`, with their causes.
 */
export function createLogger({ name, level, pretty, instance, destination }: LoggerOptions): Logger {
  const lines = destination ?? pino.destination({ dest: 1, sync: true });
  const humanReads = pretty === "auto" ? isatty(1) : pretty;
  return pino(
    {
      level,
      base: { service: name, instance },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: "[redacted]" },
    },
    humanReads ? prettyLines(lines) : lines,
  );
}
