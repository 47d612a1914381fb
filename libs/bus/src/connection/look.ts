import { type ClusterInfo, type NatsConnection, NatsError } from "nats";
import { wantedStreams } from "../streams/wanted-streams.js";
import { isCutOff, statusOfError } from "./api-status.js";
import { managerOptions } from "./jetstream-api.js";
import type { BusOptions } from "./options.js";

const timeoutMs = 3_000;
/** Replicas hear of each other every second. */
const silentNs = 5_000_000_000;

class NoQuorumError extends Error {
  override readonly name = "NoQuorumError";

  /** There is a leader, and it hears of too few others. */
  readonly isLeaderAlone: boolean;

  constructor(stream: string, isLeaderAlone: boolean) {
    super(`stream ${stream} has no leader that reaches a majority of its replicas`);
    this.isLeaderAlone = isLeaderAlone;
  }
}

/**
 * Rejects when a stream is not there, or when nothing can be stored in it: a server that is cut off answers all the
 * same.
 */
export async function lookAtStreams(connection: NatsConnection, options: BusOptions): Promise<void> {
  const manager = await connection.jetstreamManager(managerOptions(options, timeoutMs));
  for (const { name } of wantedStreams(options)) {
    const { cluster } = await manager.streams.info(name);
    if (!hasQuorum(cluster)) throw new NoQuorumError(name, Boolean(cluster?.leader));
  }
}

/**
 * Whether there is a leader, and it has heard of a majority of the replicas, itself counted. One copy needs no other.
 */
export function hasQuorum(cluster: ClusterInfo | undefined): boolean {
  const others = cluster?.replicas ?? [];
  if (others.length === 0) return true;
  if (!cluster?.leader) return false;
  const heard = others.filter(({ offline, active }) => !offline && active < silentNs).length;
  return 1 + heard > (1 + others.length) / 2;
}

/** Whether the server that answers is cut off from the others, so that they may have another leader. */
export function isLeaderAlone(error: unknown): boolean {
  return error instanceof NoQuorumError && error.isLeaderAlone;
}

/** Whether JetStream did not answer at all, or cannot store anything at the moment. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof NoQuorumError) return true;
  return (error instanceof NatsError && error.code === "TIMEOUT") || isCutOff(statusOfError(error));
}
