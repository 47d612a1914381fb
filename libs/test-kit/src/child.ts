import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { atProcessEnd } from "./clean-up.js";

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  /** The whole environment of the child; this process's own if left out. */
  readonly env?: Record<string, string>;
  /** Written to stdin, which is then closed. */
  readonly input?: Uint8Array | string;
  /** Decoded text, as it comes: a piece may hold half a line, never half a character. */
  readonly onStdout?: (text: string) => void;
  readonly onStderr?: (text: string) => void;
}

export interface Child {
  readonly pid: number;
  /** Settles after the child's last output has been handed over. Never rejects. */
  readonly exited: Promise<ChildExit>;
  /** undefined as long as it runs. */
  exit(): ChildExit | undefined;
  kill(signal: NodeJS.Signals): void;
  /**
   * Freezes it; resume() lets it go on. On return no thread of it runs any more, which after a mere SIGSTOP takes
   * another moment.
   */
  suspend(): void;
  resume(): void;
  /** Sends the signal, wakes the child in case it is suspended, and kills it when it has not gone within `withinMs`. */
  stop(signal: NodeJS.Signals, withinMs: number): Promise<ChildExit>;
}

/** Starts a program that cannot outlive this process. Rejects when there is no such program. */
export async function startChild(program: string, args: readonly string[], options: ChildOptions = {}): Promise<Child> {
  const child = spawn(program, args, { stdio: "pipe", ...(options.env && { env: options.env }) });
  const forget = atProcessEnd(() => child.kill("SIGKILL"));
  let exit: ChildExit | undefined;
  const exited = new Promise<ChildExit>((resolve) => {
    child.once("exit", forget);
    child.once("close", (code, signal) => {
      exit = { code, signal };
      resolve(exit);
    });
  });
  child.stdout.setEncoding("utf8").on("data", options.onStdout ?? (() => {}));
  child.stderr.setEncoding("utf8").on("data", options.onStderr ?? (() => {}));
  child.stdin.on("error", () => {}); // gone before it read everything: its exit code tells
  child.stdin.end(options.input ?? "");
  try {
    await once(child, "spawn");
  } catch (error) {
    forget();
    throw error;
  }
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} has no process id`);

  return {
    pid,
    exited,
    exit: () => exit,
    kill: (signal) => void child.kill(signal),
    suspend() {
      child.kill("SIGSTOP");
      const deadline = performance.now() + 1_000;
      while (hasRunningThread(pid) && performance.now() < deadline) pause(1);
    },
    resume: () => void child.kill("SIGCONT"),
    async stop(signal, withinMs) {
      child.kill(signal);
      child.kill("SIGCONT");
      const waiting = new AbortController();
      const tooLate = delay(withinMs, undefined, { signal: waiting.signal }).then(
        () => child.kill("SIGKILL"),
        () => false, // it went in time
      );
      const result = await exited;
      waiting.abort();
      await tooLate;
      return result;
    },
  };
}

/** Where there is a /proc to tell, whether a thread of the process is anything but stopped; elsewhere no. */
function hasRunningThread(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return false;
  try {
    return readdirSync(tasks).some((task) => !/\) [TZ]/.test(readFileSync(`${tasks}/${task}/stat`, "utf8")));
  } catch {
    return true; // a thread ended between the listing and the reading
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Calls `onLine` with each whole line, without its line feed. */
export function lineReader(onLine: (line: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  };
}
