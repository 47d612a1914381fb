import { type DatagramKind, datagramKinds } from "./kinds.js";

type SourceKind = DatagramKind | "rejected";
export type SourceCounts = Record<SourceKind, number> & { lastMs: number };

export type Sources = {
  count(address: string, kind: SourceKind, receivedAtMs: number): void;
  /** Those that are counted by themselves, the busiest first. */
  busiest(): readonly (readonly [address: string, counts: SourceCounts])[];
  /** All others together; undefined when there are none. */
  others(): SourceCounts | undefined;
};

/**
 * Counts the datagrams of each source, up to `most` of them. Sources can be invented: one that has sent nothing but
 * what was rejected is counted by itself only while half of the places are free.
 */
export function createSources(most = 50): Sources {
  const sources = new Map<string, SourceCounts>();
  const others = noCounts();

  function place(address: string, kind: SourceKind): SourceCounts {
    if (sources.size >= (kind === "rejected" ? most / 2 : most)) return others;
    const counts = noCounts();
    sources.set(address, counts);
    return counts;
  }

  return {
    count: (address, kind, receivedAtMs) => {
      const counts = sources.get(address) ?? place(address, kind);
      counts[kind]++;
      counts.lastMs = receivedAtMs;
    },
    busiest: () => [...sources].sort(([, a], [, b]) => totalOf(b) - totalOf(a)),
    others: () => (totalOf(others) === 0 ? undefined : others),
  };
}

function noCounts(): SourceCounts {
  return {
    "sense.task.failed": 0,
    "sense.task.aborted": 0,
    "sense.task.succeeded": 0,
    "sense.task.distributed": 0,
    "sense.engine.reload-failed": 0,
    rejected: 0,
    lastMs: 0,
  };
}

function totalOf(counts: SourceCounts): number {
  return datagramKinds.reduce((total, kind) => total + counts[kind], counts.rejected);
}
