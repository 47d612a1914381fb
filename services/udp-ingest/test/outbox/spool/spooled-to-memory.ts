import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { cleanUpAfter, eventually, type Scope, tempDir } from "@sense-alerts/test-kit";
import type { EventMessage } from "../../../src/messages.js";
import type { OutboxResult } from "../../../src/outbox/outbox.js";
import { decodeRecords } from "../../../src/outbox/spool/record.js";
import { openSpool, type Spool } from "../../../src/outbox/spool/spool.js";
import { createSpooledOutbox } from "../../../src/outbox/spool/spooled-outbox.js";
import type { SpooledOutbox, SpooledOutboxOptions } from "../../../src/outbox/spool/spooled-outbox-options.js";
import { createMemoryStream, type MemoryStream } from "../memory-stream.js";
import { eventOf } from "./events.js";

export type SpooledToMemory = {
  readonly outbox: SpooledOutbox;
  readonly spool: Spool;
  readonly stream: MemoryStream<EventMessage>;
  /** Id and result of each message, in the order of settling. */
  readonly results: readonly (readonly [string, OutboxResult])[];
  readonly torn: readonly number[];
  readonly kept: readonly number[];
  readonly diskErrors: readonly unknown[];
  recoveries(): number;
  add(ids: readonly string[], payloadBytes?: number): void;
  /** The same, with a pause while there is no room and the spool makes some, as the socket does. */
  addWithPauses(ids: readonly string[], payloadBytes?: number): Promise<void>;
  idsOf(result: OutboxResult): string[];
  /** Resolves when so many events are in the spool. */
  spooled(events: number): Promise<void>;
  /** Resolves when all is stored, or dropped, and the spool is empty. */
  empty(): Promise<void>;
  /**
   * What a process that is killed at this moment leaves on disk, opened by the next. This one publishes nothing any
   * more.
   */
  kill(options?: Partial<OutboxSetup>): Promise<SpooledToMemory>;
  /** Resolves when nothing is being written. */
  idle(): Promise<void>;
  /** Resolves when what is settled is written down, so that no later process sends it again. */
  marked(): Promise<void>;
  /** Stops it as on SIGTERM, without waiting for NATS; resolves to how many are lost. */
  stop(): Promise<number>;
};

export type OutboxSetup = Omit<SpooledOutboxOptions, "spool"> & {
  readonly dir: string;
  readonly spoolMaxBytes: number;
  readonly stream: MemoryStream<EventMessage>;
  /** What the disk does before each append and each sync; nothing if left out. */
  readonly beforeAppend: () => Promise<void>;
  readonly beforeSync: () => Promise<void>;
};

/** A spooled outbox whose NATS is in memory and whose disk is a real one. */
export async function spooledToMemory(t: Scope, options: Partial<OutboxSetup> = {}): Promise<SpooledToMemory> {
  const { dir = tempDir(t), spoolMaxBytes = 1_048_576, stream = createMemoryStream<EventMessage>(), ...more } = options;
  const { beforeAppend = async () => undefined, beforeSync = async () => undefined, ...rest } = more;
  const opened = await openSpool(dir, spoolMaxBytes, { instance: "ingest-1" });
  let busy = 0;
  const counted = async (operation: Promise<void>) => {
    busy++;
    try {
      await operation;
    } finally {
      busy--;
    }
  };
  const spool: Spool = {
    ...opened,
    append: (records) => counted(beforeAppend().then(() => opened.append(records))),
    sync: () => beforeSync().then(opened.sync),
    tidy: () => counted(opened.tidy()),
  };
  const results: [string, OutboxResult][] = [];
  const torn: number[] = [];
  const kept: number[] = [];
  const diskErrors: unknown[] = [];
  let recoveries = 0;
  let isDead = false;
  const outbox = createSpooledOutbox({
    spool,
    send: (message, onAnswer) => {
      if (!isDead) stream.send(message, onAnswer);
    },
    maxEvents: 1_000_000,
    maxBytes: 1_000_000_000,
    onResult: ({ id }, result) => results.push([id, result]),
    onRetry: () => undefined,
    onTorn: (events) => torn.push(events),
    onDiskError: (error) => diskErrors.push(error),
    onDiskRecovered: () => recoveries++,
    onKept: (events) => kept.push(events),
    ...rest,
  });

  let stopped: Promise<number> | undefined;
  const stopOnce = async () => {
    const lost = await outbox.drained(AbortSignal.abort());
    await spool.close();
    return lost;
  };
  const stop = () => {
    stopped ??= stopOnce();
    return stopped;
  };
  cleanUpAfter(t, async () => void (await stop()));

  return {
    outbox,
    spool,
    stream,
    results,
    torn,
    kept,
    diskErrors,
    recoveries: () => recoveries,
    add: (ids, payloadBytes) => {
      for (const id of ids) outbox.add(eventOf(id, payloadBytes));
    },
    addWithPauses: async (ids, payloadBytes = 10) => {
      for (const id of ids) {
        while (outbox.makesRoom() && !outbox.hasRoomFor(1, payloadBytes)) await turn();
        outbox.add(eventOf(id, payloadBytes));
      }
    },
    idsOf: (wanted) => results.flatMap(([id, result]) => (result === wanted ? [id] : [])),
    spooled: (events) => eventually(() => assert.equal(outbox.spooled().events, events), { intervalMs: 1 }),
    empty: () =>
      eventually(
        () => {
          assert.deepEqual(outbox.size(), { events: 0, bytes: 0 });
          assert.deepEqual(outbox.spooled(), { events: 0, bytes: 0 });
        },
        { intervalMs: 1 },
      ),
    idle: () => eventually(() => assert.equal(busy, 0), { intervalMs: 1 }),
    marked: () =>
      eventually(
        () => {
          assert.equal(busy, 0);
          assert.equal(markOnDisk(dir) ?? spool.mark(), spool.mark());
        },
        { intervalMs: 1 },
      ),
    kill: (next = {}) => {
      isDead = true;
      const copy = tempDir(t);
      // Its lock dies with a process.
      for (const name of readdirSync(dir))
        if (statSync(join(dir, name)).isFile()) cpSync(join(dir, name), join(copy, name));
      return spooledToMemory(t, { ...options, stream, ...next, dir: copy });
    },
    stop,
  };
}

/** The newest mark in the newest segment; undefined if there is none. */
function markOnDisk(dir: string): number | undefined {
  const newest = readdirSync(dir)
    .filter((name) => name.endsWith(".spool"))
    .toSorted()
    .at(-1);
  if (newest === undefined) return undefined;
  const records = [...decodeRecords(readFileSync(join(dir, newest)), true)].flatMap(({ record }) => record ?? []);
  return records.findLast(({ kind }) => kind === "mark")?.sequence;
}
