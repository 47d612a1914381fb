import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, findProgram, type Scope, tempDir } from "@sense-alerts/test-kit";
import type { Sent } from "./sender.js";

/** What came of the datagrams of one sending. */
interface Came {
  /** How many of them gave a basic message, and how many a full one; repeats are counted once. */
  readonly basic: number;
  readonly full: number;
  readonly repeats: number;
  /** Seconds since 1970. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** From the sending of a datagram to its basic message, sorted; empty where datagrams carry no time. */
  readonly latenciesMs: readonly number[];
}

export interface Receiver {
  /** Resolves once nothing has come for `quietMs`. */
  quiet(quietMs?: number): Promise<void>;
  of(sent: Sent): Promise<Came>;
}

/**
 * Subscribes to everything with mosquitto_sub, which writes what comes, with the time, to a file that is read
 * afterwards: so the measuring takes next to nothing of the machine that is measured. QoS 0 for the same reason;
 * mosquitto queues without bound.
 */
export async function startReceiver(scope: Scope, port: number): Promise<Receiver> {
  const file = join(tempDir(scope), "messages");
  const format = ["-F", "%U %p"];
  const topics = ["-t", "qliksense/task_failure", "-t", "qliksense/task_failure_full", "-t", "$SYS/broker/version"];
  const args = ["-h", "127.0.0.1", "-p", String(port), "-q", "0", "-k", "3600", ...format, ...topics];
  // Without a zone the C library looks for a change of it, on disk, at each message.
  const env = { ...process.env, TZ: "UTC0" };
  const child = spawn(findProgram("mosquitto_sub"), args, { env, stdio: ["ignore", openSync(file, "w"), "inherit"] });
  scope.after(async () => {
    if (child.exitCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const size = () => statSync(file).size;
  await eventually(() => {
    if (size() === 0) throw new Error("mosquitto_sub has not subscribed yet");
  });
  return {
    quiet: async (quietMs = 1_500) => {
      for (let before = -1; before !== size(); await delay(quietMs)) before = size();
    },
    of: (sent) => read(file, sent),
  };
}

const basicLine = /^(\S+) bench ([0-9a-f]{12}) (\d{16}|T{16})$/;
const fullLine = /^(\S+) \{.*"executionId":"[0-9a-f-]{24}([0-9a-f]{12})"/;

async function read(file: string, { first, sent }: Sent): Promise<Came> {
  const basic = new Set<number>();
  const full = new Set<number>();
  const latenciesMs: number[] = [];
  let messages = 0;
  let firstAt = Number.POSITIVE_INFINITY;
  let lastAt = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const [, at, number = "", stamp] = basicLine.exec(line) ?? fullLine.exec(line) ?? [];
    const index = Number.parseInt(number, 16) - first;
    if (!(index >= 0 && index < sent)) continue;
    messages++;
    const atSeconds = Number(at);
    firstAt = Math.min(firstAt, atSeconds);
    lastAt = Math.max(lastAt, atSeconds);
    if (stamp === undefined) full.add(index);
    else if (!basic.has(index)) {
      basic.add(index);
      if (!stamp.startsWith("T")) latenciesMs.push(atSeconds * 1_000 - Number(stamp) / 1_000);
    }
  }
  latenciesMs.sort((a, b) => a - b);
  return {
    basic: basic.size,
    full: full.size,
    repeats: messages - basic.size - full.size,
    firstAt,
    lastAt,
    latenciesMs,
  };
}
