import type { DeliveryFacts } from "./delivery-subject.js";

type Message = Pick<DeliveryFacts, "sequence" | "storedNs">;

/** The messages of a stream that were added last, at most `limit`; the oldest is forgotten first. */
export type RecentMessages = {
  add(message: Message): void;
  has(message: Message): boolean;
};

/** Known by their sequence. The time tells them from those of the same sequence in a stream that was created again. */
export function createRecentMessages(limit: number): RecentMessages {
  const storedNsOf = new Map<number, number>();
  return {
    add: ({ sequence, storedNs }) => {
      storedNsOf.set(sequence, storedNs);
      if (storedNsOf.size <= limit) return;
      const [oldest = 0] = storedNsOf.keys();
      storedNsOf.delete(oldest);
    },
    has: ({ sequence, storedNs }) => storedNsOf.get(sequence) === storedNs,
  };
}
