import {
  BusError,
  type BusErrorCode,
  type BusMessage,
  type OnAnswer,
  type PublishAck,
  type PublishAnswer,
} from "@sense-alerts/bus";

/**
 * What the outbox publishes to, in memory: a stream that stores each id once, behind a connection that keeps messages
 * in order. Like a real one, a connection that breaks loses the messages on their way and perhaps the answers to stored
 * ones.
 */
export type MemoryStream<M extends BusMessage> = {
  readonly send: (message: M, onAnswer: OnAnswer<M>) => void;
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

type OnItsWay<M> = { readonly message: M; readonly onAnswer: OnAnswer<M> };

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

  function answerTo(message: M): PublishAnswer {
    const code = refused.get(message.id);
    return code === undefined ? store(message) : new BusError(code, "refused");
  }

  /** What reached the stream together is stored before the first of it is answered. */
  function storeAll(sent: readonly OnItsWay<M>[]): () => void {
    const answers = sent.map(({ message, onAnswer }) => {
      const answer = answerTo(message);
      return () => onAnswer(message, answer);
    });
    return () => {
      for (const answer of answers) answer();
    };
  }

  return {
    send: (message, onAnswer) => {
      published.push(message.id);
      if (state === "broken") return onAnswer(message, new BusError("disconnected", "no connection"));
      onTheirWay.push({ message, onAnswer });
      mostOutstanding = Math.max(mostOutstanding, onTheirWay.length);
      if (state === "stalled") return;
      // No server answers before the sending is over.
      queueMicrotask(storeAll(onTheirWay.splice(0)));
    },
    published,
    stored,
    mostOutstanding: () => mostOutstanding,
    stall: () => {
      state = "stalled";
    },
    answerOne: () => storeAll(onTheirWay.splice(0, 1))(),
    flow: () => {
      state = "flowing";
      storeAll(onTheirWay.splice(0))();
    },
    breakOff: (storedUnanswered = 0) => {
      state = "broken";
      const lost = onTheirWay;
      onTheirWay = [];
      for (const [index, { message, onAnswer }] of lost.entries()) {
        if (index < storedUnanswered) store(message);
        onAnswer(message, new BusError("disconnected", "the connection broke"));
      }
    },
    refuse: (code, ...ids) => {
      for (const id of ids) refused.set(id, code);
    },
  };
}
