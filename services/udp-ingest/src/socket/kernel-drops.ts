import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * How many datagrams the kernel has thrown away at this process's UDP sockets on a port since they were opened, because
 * their receive buffer was full: the last column of /proc/net/udp and udp6. Undefined where there is no such file (not
 * Linux).
 */
export function readKernelDrops(port: number, procDir = "/proc"): number | undefined {
  const own = ownSockets(procDir);
  if (own === undefined) return undefined;
  const tables = ["udp", "udp6"].map((name) => readTable(`${procDir}/net/${name}`));
  return tables
    .flat()
    .filter((row) => row.port === port && own.has(row.inode))
    .reduce((sum, row) => sum + row.drops, 0);
}

type Row = { readonly port: number; readonly inode: string; readonly drops: number };

/**
 * Rows such as `204: 0100007F:270E 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 305259 2
 * 000000005c7871f3 17`.
 */
function readTable(path: string): Row[] {
  return (readOrNothing(() => readFileSync(path, "utf8")) ?? "")
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns.length >= 13)
    .map((columns) => ({
      port: Number.parseInt(columns[1]?.split(":")[1] ?? "", 16),
      inode: columns[9] ?? "",
      drops: Number(columns[12]),
    }));
}

/** The inodes of the sockets that this process has open: another process may have the same port on another address. */
function ownSockets(procDir: string): Set<string> | undefined {
  const fds = readOrNothing(() => readdirSync(`${procDir}/self/fd`));
  if (fds === undefined) return undefined;
  const links = fds.map((fd) => readOrNothing(() => readlinkSync(`${procDir}/self/fd/${fd}`)) ?? "");
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

/** A file that has gone in the meantime, or was never there, says nothing. */
function readOrNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

export type KernelDropsOptions = {
  /** The port of the socket; undefined while it is not bound. */
  readonly port: () => number | undefined;
  /** Called with how many more datagrams were thrown away. */
  readonly onDropped: (datagrams: number) => void;
  readonly everyMs?: number;
};

/** Looks at the kernel's count once a second. A socket that was bound again counts from 0. */
export function watchKernelDrops({ port, onDropped, everyMs = 1_000 }: KernelDropsOptions): { close(): void } {
  let seen = 0;
  const timer = setInterval(() => {
    const bound = port();
    const drops = bound === undefined ? 0 : (readKernelDrops(bound) ?? 0);
    if (drops > seen) onDropped(drops - seen);
    seen = drops;
  }, everyMs).unref();
  return { close: () => clearInterval(timer) };
}
