import type { JetStreamManager } from "nats";
import { isStreamGone, statusOfError } from "../connection/api-status.js";
import type { BusOptions } from "../connection/options.js";
import { apiCodeOf, busError, getMessage, type StoredMessage } from "./stored-message.js";

/** One stream of messages that wait for a person. Everything rejects with a BusError, within 5 s. */
export type ParkedStream = {
  readonly name: string;
  /** False when nobody has created it yet: then it has no messages. */
  readonly exists: boolean;
  /** Every message, oldest first, up to the newest at the time of the call. */
  messages(): AsyncGenerator<StoredMessage>;
  /** Undefined when the stream does not have it, or no longer. */
  message(sequence: number): Promise<StoredMessage | undefined>;
  /** Resolves also when somebody else has removed it before. */
  remove(sequence: number): Promise<void>;
};

const sequenceNotFound = 10043;
/** Requests in flight at once: most of the time that reading a stream takes is round trips. */
const pageSize = 32;

/** Looks whether the stream is there; rejects when NATS does not say. */
export async function openParkedStream(
  manager: JetStreamManager,
  name: string,
  options: BusOptions,
): Promise<ParkedStream> {
  const get = (query: Parameters<typeof getMessage>[2]) => getMessage(manager, name, query, options);

  async function state() {
    try {
      return (await manager.streams.info(name)).state;
    } catch (error) {
      if (isStreamGone(statusOfError(error))) return undefined;
      throw busError(error, name, options);
    }
  }

  const exists = (await state()) !== undefined;
  return {
    name,
    exists,
    async *messages() {
      const { first_seq, last_seq } = (await state()) ?? { first_seq: 1, last_seq: 0 };
      for (let from = first_seq; from <= last_seq; from += pageSize) {
        // What was removed leaves gaps of any size; the server knows what comes after one.
        const first = await get({ seq: from, next_by_subj: ">" });
        if (first === undefined || first.sequence > last_seq) return;
        from = first.sequence;
        const length = Math.min(pageSize - 1, last_seq - from);
        const rest = await Promise.all(Array.from({ length }, (_, index) => get({ seq: from + 1 + index })));
        yield first;
        for (const message of rest) if (message !== undefined) yield message;
      }
    },
    message: async (sequence) => (exists ? get({ seq: sequence }) : undefined),
    remove: async (sequence) => {
      try {
        await manager.streams.deleteMessage(name, sequence, false);
      } catch (error) {
        if (apiCodeOf(error) !== sequenceNotFound) throw busError(error, name, options);
      }
    },
  };
}
