import type { Scope } from "./clean-up.js";
import { eventually } from "./eventually.js";
import { freeTcpPort } from "./free-port.js";
import { type JetStreamApi, jetStreamApi } from "./jetstream-api.js";
import { type NatsServer, startNats } from "./nats-server.js";
import { startTcpLink, type TcpLink } from "./tcp-link.js";

export interface NatsClusterOptions {
  /** 3 if left out. */
  readonly servers?: number;
  /** Further lines for the configuration file of each server. */
  readonly config?: string;
}

/** A server of the cluster. stop("SIGKILL"), start(), suspend() and resume() are for this one only. */
export interface NatsPeer extends NatsServer {
  /** Its server_name, which the API gives as leader. */
  readonly name: string;
  readonly api: JetStreamApi;
  /** Cuts its routes to all others: clients stay connected, and neither side hears of the other. */
  cutOff(): void;
  isCutOff(): boolean;
  rejoin(): void;
}

export interface NatsCluster {
  readonly servers: readonly NatsPeer[];
  /** All of them, for NATS_URL. */
  readonly url: string;
  peer(name: string): NatsPeer;
}

/**
 * Real nats-servers with JetStream that are one cluster. Each route passes a link of its own, so that one server can be
 * cut off without root. Resolves when the cluster can create a stream on all servers.
 */
export async function startNatsCluster(t: Scope, options: NatsClusterOptions = {}): Promise<NatsCluster> {
  const names = Array.from({ length: options.servers ?? 3 }, (_, index) => `n${index + 1}`);
  const ports = await Promise.all(names.map(() => freeTcpPort()));
  /** By who dials and who is dialled. */
  const links = new Map<string, Map<string, TcpLink>>();
  for (const from of names) {
    const targets = names.flatMap((to, index) => (to === from ? [] : [{ to, port: ports[index] ?? 0 }]));
    const started = targets.map(async ({ to, port }) => [to, await startTcpLink(t, port)] as const);
    links.set(from, new Map(await Promise.all(started)));
  }
  const linksOf = (name: string) => [
    ...(links.get(name)?.values() ?? []),
    ...[...links.values()].flatMap((targets) => targets.get(name) ?? []),
  ];

  const servers = await Promise.all(
    names.map(async (name, index): Promise<NatsPeer> => {
      const routes = [...(links.get(name)?.values() ?? [])].map(({ port }) => `"nats://127.0.0.1:${port}"`);
      const server = await startNats(t, {
        // What servers tell each other is where nobody listens: no route may bypass the links.
        config: `${options.config ?? ""}
server_name: ${name}
cluster { name: drill, listen: "127.0.0.1:${ports[index]}", advertise: "127.0.0.1:1", routes: [${routes.join(", ")}] }`,
      });
      return Object.assign(server, {
        name,
        api: jetStreamApi(server.port),
        cutOff: () => {
          for (const link of linksOf(name)) link.silence();
        },
        isCutOff: () => linksOf(name).every((link) => link.isSilent()),
        rejoin: () => {
          for (const link of linksOf(name)) link.restore();
        },
      });
    }),
  );

  await eventually(() => Promise.all(servers.map((server) => followsLeader(server, names.length - 1))), {
    timeoutMs: 30_000,
    what: "a JetStream cluster with a leader",
  });
  return {
    servers,
    url: servers.map(({ url }) => url).join(","),
    peer(name) {
      const found = servers.find((server) => server.name === name);
      if (found === undefined) throw new Error(`no server is named ${name}`);
      return found;
    },
  };
}

/**
 * Rejects unless the server knows the leader of the cluster and, when it is the leader itself, all others follow it.
 */
async function followsLeader({ name, monitorUrl }: NatsPeer, others: number): Promise<void> {
  const response = await fetch(`${monitorUrl}/jsz`, { signal: AbortSignal.timeout(5_000) });
  const { meta_cluster } = (await response.json()) as {
    meta_cluster?: { leader?: string; replicas?: readonly { current: boolean }[] };
  };
  if (!meta_cluster?.leader) throw new Error(`${name} knows no leader`);
  const following = meta_cluster.replicas?.filter((replica) => replica.current).length ?? 0;
  if (meta_cluster.leader === name && following < others) throw new Error(`${following} of ${others} follow ${name}`);
}
