import { setTimeout as wait } from "node:timers/promises";
import type { NatsCluster, NatsPeer } from "@sense-alerts/test-kit";
import { stream } from "./settle.js";

/** A time without leaders, in milliseconds since 1970. */
export interface LeaderlessTime {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface LeaderWatch {
  /** In order; grows. One that lasts is added at its end. */
  readonly leaderless: readonly LeaderlessTime[];
  stop(): Promise<void>;
}

const [intervalMs, answerWithinMs] = [100, 400];

/**
 * Watches, ten times a second, whether the stream and each of its consumers have a leader: a server that answers, says
 * so itself, and is the leader for most servers. One that is frozen or cut off from the others is none, although its
 * followers take it for the leader for some seconds more. Leaders count when they have been the same for `settledMs`.
 */
export function watchLeaders({ servers }: NatsCluster, settledMs: number): LeaderWatch {
  const leaderless: LeaderlessTime[] = [];
  let isStopped = false;

  async function watch(): Promise<void> {
    let leaders: string | undefined;
    let sinceMs: number | undefined;
    let changedMs = 0;
    while (!isStopped) {
      const nowMs = Date.now();
      const views = await Promise.all(servers.map((server) => leadersSeenBy(server).catch(() => undefined)));
      const found = leadersOf(servers, views);
      const isChanged = settledMs > 0 && leaders !== undefined && found !== leaders;
      if (found === undefined || isChanged) {
        sinceMs ??= nowMs;
        changedMs = nowMs;
      } else if (sinceMs !== undefined && nowMs - changedMs >= settledMs) {
        leaderless.push({ fromMs: sinceMs, toMs: Date.now() });
        sinceMs = undefined;
      }
      leaders = found ?? leaders;
      await wait(intervalMs);
    }
  }
  const watching = watch();
  return {
    leaderless,
    stop: () => {
      isStopped = true;
      return watching;
    },
  };
}

/** By the stream and each consumer of it, the name of the leader. */
type View = ReadonlyMap<string, string>;

interface Jsz {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly (Led & { readonly consumer_detail?: readonly Led[] })[];
  }[];
}

interface Led {
  readonly name: string;
  readonly cluster?: { readonly leader?: string };
}

async function leadersSeenBy({ monitorUrl }: NatsPeer): Promise<View> {
  const signal = AbortSignal.timeout(answerWithinMs);
  const response = await fetch(`${monitorUrl}/jsz?streams=1&consumers=1`, { signal });
  const { account_details = [] } = (await response.json()) as Jsz;
  const found = account_details.flatMap((account) => account.stream_detail ?? []).find(({ name }) => name === stream);
  if (found === undefined) throw new Error(`has no ${stream}`);
  const led = [found, ...(found.consumer_detail ?? [])];
  return new Map(led.map(({ name, cluster }) => [name, cluster?.leader ?? ""]));
}

/** Undefined where one of them has none. */
function leadersOf(servers: readonly NatsPeer[], views: readonly (View | undefined)[]): string | undefined {
  const names = [...new Set(views.flatMap((view) => [...(view?.keys() ?? [])]))].sort();
  const leaders = names.map((name) => {
    const leader = servers.find((server, index) => {
      const votes = views.filter((view) => view?.get(name) === server.name).length;
      return !server.isCutOff() && views[index]?.get(name) === server.name && votes > servers.length / 2;
    });
    return leader && `${name}: ${leader.name}`;
  });
  return leaders.length > 0 && leaders.every((leader) => leader !== undefined) ? leaders.join(", ") : undefined;
}
