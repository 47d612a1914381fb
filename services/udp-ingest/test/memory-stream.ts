import { BusError, type BusErrorCode, type BusMessage, type PublishAck } from "@sense-alerts/bus";

/**
 * What the outbox publishes to, in memory: a stream that stores each id once, behind a connection that keeps messages in
 * order. Like a real one, a connection that breaks loses the messages on their way and perhaps the answers to stored ones.
 */
export type MemoryStream<M extends BusMessage> = {
  readonly publish: (message: M) => Promise<PublishAck>;
  /** Ids in the order in which they were published, repeats and all. */
  readonly published: readonly string[];
  /** Ids in the order in which they were first stored. */
  readonly stored: readonly string[];
  /** How many were without an answer at the worst moment. */
  mostOutstanding(): number;
  /** From now on nothing is answered. */
  stall(): void;
  /** Stores and answers the one that is longest on its way. */
  answerOne(): void;
  /** Stores and answers what is on its way and what comes; also ends `breakOff`. */
  flow(): void;
  /** Fails what is on its way, of which the first `storedUnanswered` are stored all the same, and whatever comes. */
  breakOff(storedUnanswered?: number): void;
  /** Stores nothing of these ids, but answers them with this error. */
  refuse(code: BusErrorCode, ...ids: readonly string[]): void;
};

type OnItsWay<M> = { readonly message: M; resolve(ack: PublishAck): void; reject(error: BusError): void };

export function createMemoryStream<M extends BusMessage>(): MemoryStream<M> {
  const published: string[] = [];
  const stored: string[] = [];
  const refused = new Map<string, BusErrorCode>();
  let state: "flowing" | "stalled" | "broken" = "flowing";
  let onTheirWay: OnItsWay<M>[] = [];
  let mostOutstanding = 0;

  function store({ id }: M): PublishAck {
    const known = stored.indexOf(id);
    if (known === -1) stored.push(id);
    return { sequence: known === -1 ? stored.length : known + 1, duplicate: known !== -1 };
  }

  function answer({ message, resolve, reject }: OnItsWay<M>): void {
    const code = refused.get(message.id);
    if (code === undefined) resolve(store(message));
    else reject(new BusError(code, "refused"));
  }

  return {
    publish: (message) => {
      published.push(message.id);
      return new Promise((resolve, reject) => {
        if (state === "broken") return reject(new BusError("disconnected", "no connection"));
        onTheirWay.push({ message, resolve, reject });
        mostOutstanding = Math.max(mostOutstanding, onTheirWay.length);
        if (state === "flowing") onTheirWay.splice(0).forEach(answer);
      });
    },
    published,
    stored,
    mostOutstanding: () => mostOutstanding,
    stall: () => {
      state = "stalled";
    },
    answerOne: () => onTheirWay.splice(0, 1).forEach(answer),
    flow: () => {
      state = "flowing";
      onTheirWay.splice(0).forEach(answer);
    },
    breakOff: (storedUnanswered = 0) => {
      state = "broken";
      const lost = onTheirWay;
      onTheirWay = [];
      for (const [index, { message, reject }] of lost.entries()) {
        if (index < storedUnanswered) store(message);
        reject(new BusError("disconnected", "the connection broke"));
      }
    },
    refuse: (code, ...ids) => {
      for (const id of ids) refused.set(id, code);
    },
  };
}
