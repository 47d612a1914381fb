import { readFileSync } from "node:fs";

const ticksPerSecond = 100;

/** Processor time that a process has used since its start, in seconds, all its threads together (proc(5), stat). */
export function cpuSeconds(pid: number): number {
  const [, afterName = ""] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
  const [userTicks = 0, systemTicks = 0] = afterName.split(" ").slice(11, 13).map(Number);
  return (userTicks + systemTicks) / ticksPerSecond;
}

/** The largest resident size that a process has had, in MB of 1,000,000 bytes. */
export function peakMegabytes(pid: number): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return (Number(kibibytes) * 1024) / 1e6;
}

/** Datagrams that the kernel threw away at the sockets on a port: the last column of /proc/net/udp. */
export function kernelDrops(port: number): number {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync("/proc/net/udp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(`:${hexPort}`))
    .reduce((sum, columns) => sum + Number(columns[12]), 0);
}
