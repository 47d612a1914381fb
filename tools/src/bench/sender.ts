import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { findProgram, startChild, taskDatagram } from "@sense-alerts/test-kit";

const script = fileURLToPath(new URL("../../../src/bench/send.pl", import.meta.url));
const numberMark = "S".repeat(12);
const stampMark = "T".repeat(16);

export interface Sent {
  readonly sent: number;
  readonly seconds: number;
  /** Seconds since 1970 at which the last datagram left. */
  readonly lastAt: number;
  /** In the order sent; no two senders of one run of the bench share a number. */
  readonly first: number;
}

let nextNumber = 1;
const run = randomUUID().slice(0, 24);

/**
 * Sends task-failed datagrams of about 300 bytes from a process of its own, numbered and stamped. `perSecond` 0 = back
 * to back.
 */
export async function send(port: number, count: number, perSecond: number): Promise<Sent> {
  const first = nextNumber;
  nextNumber += count;
  let output = "";
  const keep = (text: string) => {
    output += text;
  };
  const child = await startChild(findProgram("perl"), [script, ...[port, count, perSecond, first].map(String)], {
    input: template(),
    onStdout: keep,
    onStderr: keep,
  });
  const { code } = await child.exited;
  const [sent, seconds, lastAt] = output.split(" ").map(Number);
  if (code !== 0 || sent === undefined || seconds === undefined || lastAt === undefined) {
    throw new Error(`the sender failed: ${output}`);
  }
  return { sent, seconds, lastAt, first };
}

function template(): string {
  return taskDatagram({
    taskName: `bench ${numberMark} ${stampMark}`,
    executionId: `${run}${numberMark}`,
    logMessage: "Max retries reached",
  });
}

/** What the sender can do: back to back, to a socket that nobody reads. */
export async function senderPerSecond(): Promise<number> {
  const { sent, seconds } = await send(0, 100_000, 0);
  return sent / seconds;
}
