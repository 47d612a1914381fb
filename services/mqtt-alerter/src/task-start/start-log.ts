import { randomUUID } from "node:crypto";
import { type Bus, BusError, requestStreamName, type StoredMessage } from "@sense-alerts/bus";
import { startRecordSubject, startRequestSubject } from "@sense-alerts/event-contract";
import { delay } from "@sense-alerts/link-kit";
import type { StartResult } from "./start-result.js";
import { encodeRequest, type Identified } from "./stored-request.js";

/** The state of a request: a replica is about to call QRS or has done so, no replica is any more, or it is answered. */
export type StartRecord =
  | {
      readonly state: "attempt";
      readonly by: string;
      /** The last run of the task before the call: another one later tells that the call was made. */
      readonly lastRun: string;
    }
  | { readonly state: "open" }
  | { readonly state: "answered"; readonly result: StartResult };

export type FoundRecord = {
  readonly record: StartRecord;
  /** What its writer gave to `write`. */
  readonly writeId: string;
  readonly sequence: number;
  readonly storedAtMs: number;
};

/** The memory that all replicas share, in the stream of the requests. Everything rejects with a BusError. */
export type StartLog = {
  /** Resolves to false when it is there already. `lateMs`: how long others may have had it before. */
  store(identified: Identified, lateMs: number): Promise<boolean>;
  find(key: string): Promise<FoundRecord | undefined>;
  /**
   * Writes the state of a request, if its record is still the one of sequence `after` (0 = none). Resolves to the new
   * sequence, or to undefined when another writer was faster. `writeId` names this write: a retry after a lost
   * acknowledgement has the same.
   */
  write(key: string, record: StartRecord, after: number, writeId: string): Promise<number | undefined>;
};

/** Two messages without an id are one request within this time: that of the stream's duplicate window. */
export const sameRequestMs = 5_000;
const recordRetryMs = 500;

export function createStartLog(bus: Pick<Bus, "publish" | "last">, streamName: string, prefix: string): StartLog {
  const stream = requestStreamName(streamName);

  async function find(key: string): Promise<FoundRecord | undefined> {
    const found = await bus.last(stream, startRecordSubject(prefix, key));
    const record = found === undefined ? undefined : decodeRecord(found.bytes);
    if (found === undefined || record === undefined) return undefined;
    const writeId = found.headers["Nats-Msg-Id"]?.slice(idOf(key, "").length) ?? "";
    return { record, writeId, sequence: found.sequence, storedAtMs: storedMs(found) };
  }

  return {
    find,
    store: async ({ id, named, request }, lateMs) => {
      const subject = startRequestSubject(prefix, id);
      if (!named && lateMs > 0) {
        const last = await bus.last(stream, subject);
        if (last !== undefined && Date.now() - storedMs(last) < lateMs + sameRequestMs) return false;
      }
      const { duplicate } = await bus.publish({ subject, id: `request:${id}`, payload: encodeRequest(request) });
      return !duplicate;
    },
    write: async (key, record, after, writeId) => {
      const subject = startRecordSubject(prefix, key);
      try {
        const message = {
          subject,
          id: idOf(key, writeId),
          payload: Buffer.from(JSON.stringify(record)),
          expectedLast: after,
        };
        const { sequence, duplicate } = await bus.publish(message);
        if (!duplicate) return sequence;
      } catch (error) {
        if (!(error instanceof BusError && error.code === "outdated")) throw error;
      }
      // A retry of what is stored is a duplicate to nats-server 2.9 and outdated to newer ones, and another writer may
      // have been there since. Another writer can have the same text: only the id tells whose the record is.
      const found = await find(key);
      return found?.writeId === writeId ? found.sequence : undefined;
    },
  };
}

/** The `Nats-Msg-Id` of a record. */
function idOf(key: string, writeId: string): string {
  return `record:${key}:${writeId}`;
}

/**
 * Retries until NATS has the record: the result of a call must not be forgotten while this process lives. Resolves to
 * false when another replica was faster; rejects with a BusError when the signal aborts.
 */
export async function writeFirmly(
  log: Pick<StartLog, "write">,
  { key, record, after }: { readonly key: string; readonly record: StartRecord; readonly after: number },
  signal: AbortSignal,
): Promise<boolean> {
  const writeId = randomUUID();
  for (;;) {
    try {
      return (await log.write(key, record, after, writeId)) !== undefined;
    } catch (error) {
      if (!(error instanceof BusError) || signal.aborted) throw error;
      await delay(recordRetryMs, signal).catch(() => undefined);
    }
  }
}

function storedMs({ storedAt }: StoredMessage): number {
  return Date.parse(storedAt);
}

function decodeRecord(bytes: Uint8Array): StartRecord | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    const state: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "state") : undefined;
    return state === "attempt" || state === "open" || state === "answered" ? (value as StartRecord) : undefined;
  } catch {
    return undefined;
  }
}
