import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ChildExit, startChild } from "./child.js";
import { cleanUpAfter, type Scope } from "./clean-up.js";
import type { Environment, ServiceName } from "./service-command.js";

export type ToolName = "butler-config" | "dead-letters" | "qrs-check" | "send-test-alert";

export interface ToolRun extends ChildExit {
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const timeoutMs = 60_000;

/**
 * Runs a compiled tool to its end, with no environment but `env` and PATH. It is killed after a minute, or when the
 * scope ends.
 */
export function runTool(t: Scope, name: ToolName, args: readonly string[], env: Environment): Promise<ToolRun> {
  return run(t, join(root, "tools", "dist", "src", `${name}.js`), args, env);
}

/** runTool() for a program that lies beside the main.js of a service. */
export function runBeside(
  t: Scope,
  service: ServiceName,
  name: "send-test-alert",
  args: readonly string[],
  env: Environment,
): Promise<ToolRun> {
  return run(t, join(root, "services", service, "dist", "src", "commands", `${name}.js`), args, env);
}

async function run(t: Scope, file: string, args: readonly string[], env: Environment): Promise<ToolRun> {
  const { PATH = "", NODE_V8_COVERAGE } = process.env;
  const start = performance.now();
  let stdout = "";
  let stderr = "";
  const child = await startChild(process.execPath, [file, ...args], {
    // What it runs of the libraries counts as covered too.
    env: { PATH, ...(NODE_V8_COVERAGE !== undefined && { NODE_V8_COVERAGE }), ...env },
    onStdout: (text) => {
      stdout += text;
    },
    onStderr: (text) => {
      stderr += text;
    },
  });
  cleanUpAfter(t, async () => void (await child.stop("SIGKILL", 1_000)));
  const tooLate = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const exit = await child.exited;
  clearTimeout(tooLate);
  return { ...exit, stdout, stderr, ms: performance.now() - start };
}
