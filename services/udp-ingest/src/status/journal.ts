import type { EventType } from "@sense-alerts/event-contract";
import { createRecent } from "@sense-alerts/service-kit";
import type { Reading, ReceivedDatagram } from "../datagram/datagram.js";
import { type Rejection, rejections } from "../datagram/rejection.js";
import type { EventMessage } from "../messages.js";
import { type OutboxResult, outboxResults } from "../outbox.js";
import { type DatagramKind, datagramKinds } from "./kinds.js";
import { createSources, type Sources } from "./sources.js";

/** A datagram and what became of it. */
export type Entry = {
  /** Counts the datagrams. */
  readonly number: number;
  readonly datagram: ReceivedDatagram;
  readonly reading: Reading;
  /** What became of its event; undefined while that waits for NATS. */
  result: OutboxResult | undefined;
};

export type KindCounts = { received: number; readonly results: Record<OutboxResult, number> };

/** What the status page shows, noted on the way as references and counters; nothing is made of them until somebody looks. */
export type Journal = {
  read(datagram: ReceivedDatagram, reading: Reading): void;
  settled(message: Pick<EventMessage, "id" | "type">, result: OutboxResult): void;
  newestFirst(): readonly Entry[];
  readonly sources: Sources;
  readonly kinds: Readonly<Record<DatagramKind, KindCounts>>;
  readonly rejected: Readonly<Record<Rejection, number>>;
};

/** `after` so many datagrams an event had this result. */
type Settled = { readonly id: string; readonly result: OutboxResult; readonly after: number };

const keptDatagrams = 50;
/** The results of the kept datagrams are among the last so many: events are settled in order, give or take what is in flight. */
const keptResults = 1_024;

export function createJournal(): Journal {
  const recent = createRecent<Entry>(keptDatagrams);
  const settled = createRecent<Settled>(keptResults);
  const sources = createSources();
  const kinds = recordOf(datagramKinds, () => ({ received: 0, results: recordOf(outboxResults, () => 0) }));
  const rejected = recordOf(rejections, () => 0);
  let count = 0;
  return {
    read: (datagram, reading) => {
      recent.add({ number: ++count, datagram, reading, result: undefined });
      sources.count(datagram.address, reading.ok ? reading.event.type : "rejected", datagram.receivedAtMs);
      if (reading.ok) kinds[reading.event.type].received++;
      else rejected[reading.reason]++;
    },
    settled: ({ id, type }, result) => {
      if (!isOfDatagram(type)) return;
      kinds[type].results[result]++;
      settled.add({ id, result, after: count });
    },
    newestFirst: () => {
      const entries = recent.newestFirst();
      const results = settled.newestFirst().toReversed();
      for (const entry of entries.toReversed()) entry.result ??= takeResult(entry, results);
      return entries;
    },
    sources,
    kinds,
    rejected,
  };
}

/** The first result that can be this datagram's; one that comes twice has two, in their order. */
function takeResult({ number, reading }: Entry, results: Settled[]): OutboxResult | undefined {
  if (!reading.ok) return undefined;
  const { id } = reading.event;
  const index = results.findIndex((settled) => settled.id === id && settled.after >= number);
  return index === -1 ? undefined : results.splice(index, 1)[0]?.result;
}

function isOfDatagram(type: EventType): type is DatagramKind {
  return type !== "sense.ingest.status";
}

function recordOf<K extends string, V>(keys: readonly K[], make: () => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, make()])) as Record<K, V>;
}
