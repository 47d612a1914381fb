import { isIP } from "node:net";
import type { BusOptions } from "./options.js";

/** A server that can be dialled. */
export type Server = {
  /** `host:port`, without any login: safe to log. */
  readonly address: string;
  /** Learned from another server of the cluster, not from the settings. */
  readonly gossiped: boolean;
  /**
   * The host name that stands for the whole cluster: the certificate behind a gossiped IP address may be for that name.
   */
  readonly clusterName?: string;
};

/** The servers that are known, in the order in which to dial them. */
export type ServerList = {
  inOrder(): readonly Server[];
  /**
   * The addresses that a server gives for its cluster; `from` is that server. Others are kept for ten minutes more: a
   * server that is cut off from its peers names none of them, and then they are needed.
   */
  learn(from: Server, addresses: readonly string[] | undefined): void;
  /** This server failed while the connection was open: all others are tried before it for a minute. */
  avoid(server: Server): void;
};

const avoidedForMs = 60_000;
const rememberedForMs = 600_000;

/**
 * Configured servers come first, gossiped ones after them, each group in random order so that clients spread over a
 * cluster.
 */
export function createServerList(
  configured: readonly string[],
  clock: () => number = () => performance.now(),
): ServerList {
  const own = configured.map((server): Server => ({ address: hostAndPort(server), gossiped: false }));
  const learned = new Map<string, { readonly server: Server; readonly seenMs: number }>();
  const avoided = new Map<string, number>();

  function rank({ address, gossiped }: Server): number {
    const sinceMs = avoided.get(address);
    if (sinceMs !== undefined && clock() - sinceMs < avoidedForMs) return 2 + sinceMs;
    return gossiped ? 1 : 0;
  }

  return {
    inOrder: () =>
      shuffled([...own, ...Array.from(learned.values(), ({ server }) => server)]).sort(
        (one, other) => rank(one) - rank(other),
      ),
    learn: (from, addresses = []) => {
      const name = isIP(hostOf(from.address)) === 0 ? hostOf(from.address) : from.clusterName;
      const seenMs = clock();
      for (const address of addresses) {
        if (own.some((server) => server.address === address)) continue;
        const server = { address, gossiped: true, ...(name === undefined ? {} : { clusterName: name }) };
        learned.set(address, { server, seenMs });
      }
      for (const [address, last] of learned) if (seenMs - last.seenMs > rememberedForMs) learned.delete(address);
    },
    avoid: ({ address }) => void avoided.set(address, clock()),
  };
}

/** `host:port` of a configured server, without any login in it: safe to log. */
export function hostAndPort(server: string): string {
  const url = new URL(server);
  return `${url.hostname}:${url.port === "" ? "4222" : url.port}`;
}

/** The host of `host:port`; an IPv6 address without its brackets. */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1");
}

/** Whether TLS is asked for; where it is not, it is used all the same when the server requires it. */
export function asksForTls({ servers, tlsCaFile, tlsCertFile, tlsFirst }: BusOptions): boolean {
  const inAddress = servers.some((server) => server.startsWith("tls:"));
  return inAddress || tlsFirst === true || tlsCaFile !== undefined || tlsCertFile !== undefined;
}

function shuffled<T>(items: T[]): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const place = Math.floor(Math.random() * (last + 1));
    const [one, other] = [items[last] as T, items[place] as T];
    items[last] = other;
    items[place] = one;
  }
  return items;
}
