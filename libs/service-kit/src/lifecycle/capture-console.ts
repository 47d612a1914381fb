import { format } from "node:util";
import type { Logger } from "../logger.js";

const methods = ["log", "info", "debug", "trace", "warn", "error"] as const;

/**
 * From here on what a library prints to the console is a log line: stdout holds nothing but those. Returns the way
 * back.
 */
export function captureConsole(logger: Pick<Logger, "debug" | "warn">, target: Console = console): () => void {
  const originals = methods.map((method) => [method, target[method]] as const);
  for (const method of methods) {
    const level = method === "warn" || method === "error" ? "warn" : "debug";
    target[method] = (...values: unknown[]) =>
      logger[level]({ text: format(...values) }, "a library wrote to the console");
  }
  return () => {
    for (const [method, original] of originals) target[method] = original;
  };
}
