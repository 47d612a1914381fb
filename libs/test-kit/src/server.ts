import { setTimeout as delay } from "node:timers/promises";
import { type Child, startChild } from "./child.js";
import { cleanUpAfter, type Scope } from "./clean-up.js";

const startTimeoutMs = 15_000;
const stopTimeoutMs = 10_000;

/** A real server that a test may stop, start again in the same place, and suspend. */
export interface Server {
  /** Of the running process, so another one after a restart. */
  readonly pid: number;
  /** Everything it has written since the first start. */
  log(): string;
  /**
   * Stops it and waits until it is gone. SIGKILL takes the place of a crash; without a signal it ends in its own time.
   */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port with the same files. Rejects while it still runs. */
  start(): Promise<void>;
  /** Freezes it: connections stay open and, from the return on, nothing is answered. */
  suspend(): void;
  resume(): void;
}

export interface ServerProgram {
  readonly program: string;
  readonly args: readonly string[];
  /**
   * Whether this very process, and not somebody else on its port, answers now. `log` is what it has written since its
   * start.
   */
  isUp(pid: number, log: string): Promise<boolean>;
}

/**
 * Starts the program, waits until it is up, and stops it when the scope ends. Its log is in the error when it never
 * comes up.
 */
export async function startServer(t: Scope, { program, args, isUp }: ServerProgram): Promise<Server> {
  let child: Child | undefined;
  let earlierLog = "";
  let log = "";

  async function start(): Promise<void> {
    if (child !== undefined && child.exit() === undefined) throw new Error(`${program} is already running`);
    earlierLog += log;
    log = "";
    const keep = (text: string) => {
      log += text;
    };
    child = await startChild(program, args, { onStdout: keep, onStderr: keep });
    const deadline = performance.now() + startTimeoutMs;
    while (!(await isUp(child.pid, log))) {
      const exit = child.exit();
      if (exit !== undefined) throw new Error(`${program} ended with ${exit.code ?? exit.signal} at start:\n${log}`);
      if (performance.now() > deadline) throw new Error(`${program} was not up in ${startTimeoutMs} ms:\n${log}`);
      await delay(10);
    }
  }

  function running(): Child {
    if (child === undefined || child.exit() !== undefined) throw new Error(`${program} is not running`);
    return child;
  }

  cleanUpAfter(t, async () => void (await child?.stop("SIGTERM", stopTimeoutMs)));
  await start();
  return {
    get pid() {
      return running().pid;
    },
    log: () => earlierLog + log,
    stop: async (signal = "SIGTERM") => void (await running().stop(signal, stopTimeoutMs)),
    start,
    suspend: () => running().suspend(),
    resume: () => running().resume(),
  };
}
