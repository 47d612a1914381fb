import type { EventType } from "@sense-alerts/event-contract";
import { createRecent } from "@sense-alerts/service-kit";
import type { Reading, ReceivedDatagram } from "../datagram/datagram.js";
import { type Rejection, rejections } from "../datagram/rejection.js";
import type { EventMessage } from "../messages.js";
import { type OutboxResult, outboxResults } from "../outbox/outbox.js";
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

/**
 * What the status page shows, noted on the way as references and counters; nothing is made of them until somebody
 * looks.
 */
export type Journal = {
  read(datagram: ReceivedDatagram, reading: Reading): void;
  settled(message: Pick<EventMessage, "id" | "type">, result: OutboxResult): void;
  newestFirst(): readonly Entry[];
  readonly sources: Sources;
  readonly kinds: Readonly<Record<DatagramKind, KindCounts>>;
  readonly rejected: Readonly<Record<Rejection, number>>;
};

/** `after` so many datagrams an event had this result; of its id there is a hash. */
type Settled = { readonly idHash: number; readonly result: OutboxResult; readonly after: number };

const keptDatagrams = 50;
/**
 * The results of the kept datagrams are among the last so many: events are settled in order, give or take what is in
 * flight.
 */
const keptResults = 1_024;

export function createJournal(): Journal {
  const recent = createRecent<Entry>(keptDatagrams);
  const settled = createSettled();
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
      settled.add(id, result, count);
    },
    newestFirst: () => {
      const entries = recent.newestFirst();
      const results = settled.oldestFirst();
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
  const idHash = hashOf(reading.event.id);
  const index = results.findIndex((settled) => settled.idHash === idHash && settled.after >= number);
  return index === -1 ? undefined : results.splice(index, 1)[0]?.result;
}

/**
 * The last results, in arrays of numbers: a thousand small objects for each thousand events would make the heap grow
 * for no use.
 */
function createSettled() {
  const hashes = new Int32Array(keptResults);
  const results = new Uint8Array(keptResults);
  const afters = new Float64Array(keptResults);
  let count = 0;
  return {
    add: (id: string, result: OutboxResult, after: number) => {
      const place = count++ % keptResults;
      hashes[place] = hashOf(id);
      results[place] = outboxResults.indexOf(result);
      afters[place] = after;
    },
    oldestFirst: (): Settled[] => {
      const kept = Math.min(count, keptResults);
      return Array.from({ length: kept }, (_, index) => {
        const place = (count - kept + index) % keptResults;
        const result = outboxResults[results[place] as number] as OutboxResult;
        return { idHash: hashes[place] as number, result, after: afters[place] as number };
      });
    },
  };
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash | 0;
}

function isOfDatagram(type: EventType): type is DatagramKind {
  return type !== "sense.ingest.status";
}

function recordOf<K extends string, V>(keys: readonly K[], make: () => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, make()])) as Record<K, V>;
}
