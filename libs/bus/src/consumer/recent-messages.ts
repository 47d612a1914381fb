import type { DeliveryFacts } from "./delivery-subject.js";

type Message = Pick<DeliveryFacts, "sequence" | "storedNs">;

/**
 * The messages of a stream that were added last: a message is forgotten when one that is `limit` sequences later is
 * added.
 */
export type RecentMessages = {
  add(message: Message): void;
  has(message: Message): boolean;
};

/**
 * Known by their sequence. The time tells them from those of the same sequence in a stream that was created again.
 * Typed arrays, because a Map of this size costs 5 MB and makes each garbage collection longer.
 */
export function createRecentMessages(limit: number): RecentMessages {
  const sequences = new Float64Array(limit);
  const storedNsOf = new Float64Array(limit);
  return {
    add: ({ sequence, storedNs }) => {
      sequences[sequence % limit] = sequence;
      storedNsOf[sequence % limit] = storedNs;
    },
    has: ({ sequence, storedNs }) =>
      sequences[sequence % limit] === sequence && storedNsOf[sequence % limit] === storedNs,
  };
}
