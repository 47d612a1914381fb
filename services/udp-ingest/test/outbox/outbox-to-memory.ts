import type { TestContext } from "node:test";
import type { BusMessage } from "@sense-alerts/bus";
import { createOutbox, type Outbox, type OutboxOptions, type OutboxResult } from "../../src/outbox/outbox.js";
import { createMemoryStream, type MemoryStream } from "./memory-stream.js";

export type OutboxToMemory = {
  readonly outbox: Outbox<BusMessage>;
  readonly stream: MemoryStream<BusMessage>;
  /** Id and result of each message, in the order of settling. */
  readonly results: readonly (readonly [string, OutboxResult])[];
  /** The codes of the failures that are tried again. */
  readonly retries: readonly string[];
  /** Adds messages with these ids, of ten bytes each unless told. */
  add(ids: readonly string[], payloadBytes?: number): void;
  countOf(result: OutboxResult): number;
};

export function outboxToMemory(options: Partial<OutboxOptions<BusMessage>> = {}): OutboxToMemory {
  const stream = createMemoryStream<BusMessage>();
  const results: [string, OutboxResult][] = [];
  const retries: string[] = [];
  const outbox = createOutbox<BusMessage>({
    send: stream.send,
    maxEvents: 1_000_000,
    maxBytes: 1_000_000_000,
    onResult: (message, result) => results.push([message.id, result]),
    onRetry: (error) => retries.push(error.code),
    ...options,
  });
  return {
    outbox,
    stream,
    results,
    retries,
    add: (ids, payloadBytes = 10) => {
      for (const id of ids) outbox.add({ subject: "sense.task.failed", id, payload: new Uint8Array(payloadBytes) });
    },
    countOf: (wanted) => results.filter(([, result]) => result === wanted).length,
  };
}

/** `count` ids that sort as they were made: `m000001`, `m000002` … */
export function idsOf(count: number, first = 1): string[] {
  return Array.from({ length: count }, (_, index) => `m${String(first + index).padStart(6, "0")}`);
}

/** Resolves when every answer that is there has been dealt with. */
export function answersDealtWith(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Stops the clock of the retries: it moves by `t.mock.timers.tick()` alone. */
export function stopClock(t: TestContext): void {
  t.mock.timers.enable({ apis: ["setTimeout"] });
}
