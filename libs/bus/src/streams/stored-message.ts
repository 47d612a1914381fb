import { type JetStreamManager, NatsError, type StoredMsg } from "nats";
import { isStreamGone, statusOfError } from "../connection/api-status.js";
import { BusError } from "../connection/bus-error.js";
import { explainNatsError } from "../connection/explain.js";
import type { BusOptions } from "../connection/options.js";

export type StoredMessage = {
  readonly sequence: number;
  /**
   * ISO 8601 with nanoseconds: with the sequence it identifies a message, also when the stream was deleted and created
   * again.
   */
  readonly storedAt: string;
  readonly subject: string;
  /** The first value of each name; empty when they cannot be read. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
};

/**
 * The message of this sequence, with `next_by_subj` the first from it on (since nats-server 2.9), or the last on a
 * subject.
 */
type Query = { readonly seq: number; readonly next_by_subj?: string } | { readonly last_by_subj: string };

const messageNotFound = 10037;
const messageTooLarge = 10054;

/**
 * A message of a stream; undefined when the stream does not hold it, or no longer. Rejects with a BusError, within 5 s.
 */
export async function getMessage(
  manager: JetStreamManager,
  stream: string,
  query: Query,
  options: BusOptions,
): Promise<StoredMessage | undefined> {
  try {
    return read(await manager.streams.getMessage(stream, query));
  } catch (error) {
    if (apiCodeOf(error) === messageNotFound) return undefined;
    throw busError(error, stream, options);
  }
}

function read(stored: StoredMsg): StoredMessage {
  const { seq, timestamp, subject, data } = stored;
  return { sequence: seq, storedAt: timestamp, subject, headers: headersOf(stored), bytes: data };
}

/** Anyone who may publish can write headers on which nats.js throws. */
function headersOf(stored: StoredMsg): Record<string, string> {
  try {
    return Object.fromEntries(Array.from(stored.header, ([key, values]) => [key, values[0] ?? ""]));
  } catch {
    return {};
  }
}

export function apiCodeOf(error: unknown): number | undefined {
  return error instanceof NatsError ? error.api_error?.err_code : undefined;
}

/** The BusError for an error that nats.js threw over a request to this stream. */
export function busError(error: unknown, stream: string, options: BusOptions): BusError {
  const facts = { cause: error };
  if (isStreamGone(statusOfError(error))) return new BusError("no-stream", `there is no stream ${stream}`, facts);
  const apiCode = apiCodeOf(error);
  if (apiCode !== undefined) {
    return new BusError(apiCode === messageTooLarge ? "too-large" : "refused", explainNatsError(error, options), {
      ...facts,
      apiCode,
    });
  }
  const code = error instanceof NatsError ? error.code : "";
  if (code === "MAX_PAYLOAD_EXCEEDED") return new BusError("too-large", "larger than max_payload of NATS", facts);
  // Nobody answers a publish: no stream takes the subject.
  if (code === "503") return new BusError("no-stream", `there is no JetStream, or no stream ${stream}`, facts);
  return new BusError("disconnected", explainNatsError(error, options), facts);
}
