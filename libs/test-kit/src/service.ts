import { type MetricLabels, readMetric } from "@sense-alerts/test-alert";
import { type ChildExit, lineReader, startChild } from "./child.js";
import { cleanUpAfter, type Scope } from "./clean-up.js";
import { eventually } from "./eventually.js";
import { type Environment, environmentFor, imageArgsOf, mainOf, type ServiceName } from "./service-command.js";

export type LogLine = Record<string, unknown>;

export interface ServiceOptions {
  /** Arguments of node itself. */
  readonly nodeArgs?: readonly string[];
  /**
   * When startService resolves: once the process runs (the default), once its HTTP port is open, or once /readyz
   * answers 200.
   */
  readonly waitFor?: "process" | "http" | "ready";
  /**
   * The network namespace that it runs in (`ip netns`); HTTP_HOST then is an address of it that this process reaches.
   */
  readonly namespace?: string;
}

export interface Service {
  readonly name: ServiceName;
  readonly pid: number;
  /** Its log lines so far; grows. */
  readonly logs: readonly LogLine[];
  /** Lines of stdout that are not a JSON object: there should be none. */
  readonly badLines: readonly string[];
  stderr(): string;
  /**
   * The ports that it has logged; at LOG_LEVEL=warn and above it logs none. Both reject with its output when it exits
   * instead.
   */
  httpPort(): Promise<number>;
  udpPort(): Promise<number>;
  /**
   * Resolves once /readyz answers 200. Rejects after `timeoutMs` (20,000), and with its output when it exits instead.
   */
  ready(timeoutMs?: number): Promise<void>;
  readyz(): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
  /** The text of /metrics. */
  metrics(): Promise<string>;
  /** One metric of it: see readMetric. */
  metric(name: string, labels?: MetricLabels): Promise<number>;
  /** GET of a path; rejects when there is no answer in 5 seconds. */
  get(path: string): Promise<Response>;
  kill(signal: NodeJS.Signals): void;
  /** Freezes it: from the return on it does nothing, and datagrams wait in the socket's buffer. */
  suspend(): void;
  resume(): void;
  /** Sends the signal and waits until it is gone; after 40 seconds it is killed. `ms` is how long that took. */
  stop(signal?: NodeJS.Signals): Promise<ChildExit & { readonly ms: number }>;
  readonly exited: Promise<ChildExit>;
}

const startTimeoutMs = 20_000;
const requestTimeoutMs = 5_000;
const stopTimeoutMs = 40_000;
const cleanUpTimeoutMs = 5_000;

/**
 * Starts a compiled service as its own process, like its image does, with no environment but `env`, PATH, and free
 * ports on 127.0.0.1 where `env` says nothing else. It is stopped when the scope ends: SIGTERM, and SIGKILL 5 seconds
 * later.
 */
export function startService(
  t: Scope,
  name: ServiceName,
  env: Environment,
  options: ServiceOptions = {},
): Promise<Service> {
  const nodeArgs = [...imageArgsOf(name), ...(options.nodeArgs ?? [])];
  return startServiceAt(mainOf(name), t, name, env, { ...options, nodeArgs });
}

/** startService() for any program that logs and answers like a service. */
export async function startServiceAt(
  main: string,
  t: Scope,
  name: ServiceName,
  env: Environment,
  { nodeArgs = [], waitFor = "process", namespace }: ServiceOptions = {},
): Promise<Service> {
  const logs: LogLine[] = [];
  const badLines: string[] = [];
  let stderr = "";
  const onLine = lineReader((line) => {
    const parsed = parseObject(line);
    if (parsed === undefined) badLines.push(line);
    else logs.push(parsed);
  });
  const inNamespace = namespace === undefined ? [] : ["ip", "netns", "exec", namespace];
  const [program = "", ...args] = [...inNamespace, process.execPath, ...nodeArgs, main];
  const child = await startChild(program, args, {
    env: environmentFor(name, env),
    onStdout: onLine,
    onStderr: (text) => {
      stderr += text;
    },
  });
  cleanUpAfter(t, async () => void (await child.stop("SIGTERM", cleanUpTimeoutMs)));

  /** eventually(), but over at once when the process exits. */
  async function whileRunning<T>(what: string, timeoutMs: number, check: () => T | Promise<T>): Promise<T> {
    const outcome = await eventually(
      async () => {
        const exit = child.exit();
        return exit === undefined ? { value: await check() } : { exit };
      },
      { timeoutMs, what: `${what} of ${name}` },
    ).catch((error: Error) => {
      throw new Error(`${error.message}\n${output()}`, { cause: error });
    });
    if ("value" in outcome) return outcome.value;
    throw new Error(`${name} exited with ${outcome.exit.code ?? outcome.exit.signal}\n${output()}`);
  }

  function output(): string {
    return [...logs.map((line) => JSON.stringify(line)), ...badLines, stderr].join("\n");
  }

  function loggedPort(message: string): Promise<number> {
    return whileRunning(`the log line "${message}"`, startTimeoutMs, () => {
      const { port } = logs.find(({ msg }) => msg === message) ?? {};
      if (typeof port !== "number") throw new Error("not logged yet");
      return port;
    });
  }

  async function get(path: string): Promise<Response> {
    const host = namespace === undefined ? "127.0.0.1" : env["HTTP_HOST"];
    const url = `http://${host}:${await service.httpPort()}${path}`;
    return fetch(url, { signal: AbortSignal.timeout(requestTimeoutMs) });
  }

  const service: Service = {
    name,
    pid: child.pid,
    logs,
    badLines,
    stderr: () => stderr,
    httpPort: () => loggedPort("http server listening"),
    udpPort: () => loggedPort("udp socket listening"),
    ready: (timeoutMs = startTimeoutMs) =>
      whileRunning("/readyz", timeoutMs, async () => {
        const { status, body } = await service.readyz();
        if (status !== 200) throw new Error(`answers ${status} ${JSON.stringify(body)}`);
      }),
    async readyz() {
      const response = await get("/readyz");
      return { status: response.status, body: parseObject(await response.text()) ?? {} };
    },
    async metrics() {
      const response = await get("/metrics");
      if (!response.ok) throw new Error(`/metrics of ${name} answers ${response.status}`);
      return response.text();
    },
    metric: async (metric, labels) => readMetric(await service.metrics(), metric, labels),
    get,
    kill: child.kill,
    suspend: child.suspend,
    resume: child.resume,
    async stop(signal = "SIGTERM") {
      const start = performance.now();
      const exit = await child.stop(signal, stopTimeoutMs);
      return { ...exit, ms: performance.now() - start };
    },
    exited: child.exited,
  };
  if (waitFor === "http") await service.httpPort();
  if (waitFor === "ready") await service.ready();
  return service;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
