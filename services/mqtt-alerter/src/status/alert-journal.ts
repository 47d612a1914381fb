import type { SenseEvent } from "@sense-alerts/event-contract";
import { createRecent } from "@sense-alerts/service-kit";
import type { AlertMessage } from "../alerts/alert-messages.js";

/** A message that the broker has acknowledged. */
export type Entry = { readonly message: AlertMessage; readonly event: SenseEvent; readonly acknowledgedMs: number };

type DeadLetters = { count: number; lastMs: number };

/**
 * What the status page shows, noted on the way as references and counters; nothing is made of them until somebody
 * looks.
 */
export type AlertJournal = {
  published(message: AlertMessage, event: SenseEvent): void;
  deadLetter(reason: string): void;
  newestFirst(): readonly Entry[];
  /** Since the start. */
  total(): number;
  readonly deadLetters: ReadonlyMap<string, DeadLetters>;
};

const keptMessages = 50;

export function createAlertJournal(): AlertJournal {
  const recent = createRecent<Entry>(keptMessages);
  const deadLetters = new Map<string, DeadLetters>();
  let total = 0;
  return {
    published: (message, event) => {
      total++;
      recent.add({ message, event, acknowledgedMs: Date.now() });
    },
    deadLetter: (reason) => {
      const { count } = deadLetters.get(reason) ?? { count: 0 };
      deadLetters.set(reason, { count: count + 1, lastMs: Date.now() });
    },
    newestFirst: recent.newestFirst,
    total: () => total,
    deadLetters,
  };
}
