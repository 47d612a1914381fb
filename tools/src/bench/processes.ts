import { readdirSync, readFileSync } from "node:fs";

/**
 * Processor time that the threads of a process have used since they began, in seconds: the first figure of each
 * thread's schedstat, in nanoseconds. The times in stat are sampled with the very clock that timers go off by, and
 * double those of a process that wakes by timers alone.
 */
export function cpuSeconds(pid: number): number {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder)
    .map((thread) => Number(readFileSync(`${folder}/${thread}/schedstat`, "utf8").split(" ")[0]) / 1e9)
    .reduce((sum, seconds) => sum + seconds, 0);
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
