/** A delivery that is to be acknowledged on the subject that NATS gave it. */
export type Acknowledged = { readonly reply: string };

/** Acknowledges deliveries, and tells when NATS has confirmed it. */
export type Acknowledgements<T extends Acknowledged> = {
  add(delivery: T): void;
  /** Sends at once what has been added. */
  flush(): void;
  /** What NATS answered on `<inbox>…` gives the deliveries that it confirms; each is told again if it was added again. */
  confirmed(subject: string): readonly T[];
  /** What comes is answered to a new inbox: answers to the former one will not come any more. */
  opened(inbox: string): void;
};

const ack = Buffer.from("+ACK");
/** How long one waits for others: each message wakes NATS and, with its answer, us. */
const longestWaitMs = 10;
/** While NATS answers nothing each delivery is added again and again: a later batch has what an older one had. */
const mostUnconfirmed = 1_000;

/**
 * NATS takes the acknowledgements of one connection in their order, so up to `mostTogether` of them go out together and the last alone asks for an
 * answer, which confirms all before it. Where the consumer moves to another server of a cluster between two of them, the
 * first may be lost and is taken for confirmed all the same: NATS then hands the delivery out again after the ack wait, and who has
 * delivered it acknowledges it again, but another replica delivers it a second time.
 */
export function createAcknowledgements<T extends Acknowledged>(
  send: (subject: string, payload: Uint8Array, reply?: string) => void,
  mostTogether: number,
): Acknowledgements<T> {
  let inbox = "";
  let batch: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let lastNumber = 0;
  /** Sent and not confirmed, in their order, by the number behind the inbox in their reply subject. */
  const unconfirmed = new Map<number, readonly T[]>();

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const last = batch.at(-1);
    if (last === undefined) return;
    for (const one of batch) if (one !== last) send(one.reply, ack);
    send(last.reply, ack, `${inbox}${++lastNumber}`);
    unconfirmed.set(lastNumber, batch);
    batch = [];
    const [oldest] = unconfirmed.keys();
    if (unconfirmed.size > mostUnconfirmed && oldest !== undefined) unconfirmed.delete(oldest);
  }

  return {
    add: (delivery) => {
      if (batch.push(delivery) >= mostTogether) flush();
      else timer ??= setTimeout(flush, longestWaitMs);
    },
    flush,
    confirmed: (subject) => {
      const through = Number(subject.slice(inbox.length));
      const deliveries: T[] = [];
      for (const [number, sent] of unconfirmed) {
        if (number > through) break;
        unconfirmed.delete(number);
        deliveries.push(...sent);
      }
      return deliveries;
    },
    opened: (newInbox) => {
      inbox = newInbox;
      unconfirmed.clear();
    },
  };
}
