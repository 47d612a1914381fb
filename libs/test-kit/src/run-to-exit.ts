import { type ChildExit, startChild } from "./child.js";
import { cleanUpAfter, type Scope } from "./clean-up.js";
import { type Environment, environmentFor, imageArgsOf, mainOf, type ServiceName } from "./service-command.js";

const defaultTimeoutMs = 20_000;
const cleanUpTimeoutMs = 5_000;

export interface RunOptions {
  /** Arguments of node itself. */
  readonly nodeArgs?: readonly string[];
  /** Arguments of the service. */
  readonly args?: readonly string[];
  readonly timeoutMs?: number;
}

/**
 * Runs a service that is expected to exit by itself, for example over its settings. After `timeoutMs` (20,000) it is
 * killed.
 */
export async function runToExit(
  t: Scope,
  name: ServiceName,
  env: Environment,
  options: RunOptions = {},
): Promise<ChildExit & { readonly stdout: string; readonly stderr: string }> {
  const { nodeArgs = [], args = [], timeoutMs = defaultTimeoutMs } = options;
  let stdout = "";
  let stderr = "";
  const child = await startChild(process.execPath, [...imageArgsOf(name), ...nodeArgs, mainOf(name), ...args], {
    env: environmentFor(name, env),
    onStdout: (text) => {
      stdout += text;
    },
    onStderr: (text) => {
      stderr += text;
    },
  });
  cleanUpAfter(t, async () => void (await child.stop("SIGKILL", cleanUpTimeoutMs)));
  const tooLate = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const exit = await child.exited;
  clearTimeout(tooLate);
  return { ...exit, stdout, stderr };
}
