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

/** While NATS answers nothing each delivery is added again and again: a later batch has what an older one had. */
const mostUnconfirmed = 1_000;

/**
 * NATS takes the acknowledgements of one connection in their order, so those of one turn of the event loop go out together and the last alone asks for an
 * answer, which confirms all before it. That is half of the messages that one answer each would take. Where the consumer moves to another server of a cluster between two of them, the
 * first may be lost and is taken for confirmed all the same: NATS then hands the delivery out again after the ack wait, and who has
 * delivered it acknowledges it again, but another replica delivers it a second time.
 */
export function createAcknowledgements<T extends Acknowledged>(
  send: (subject: string, payload: string, reply?: string) => void,
): Acknowledgements<T> {
  let inbox = "";
  let batch: T[] = [];
  let lastNumber = 0;
  /** Sent and not confirmed, in their order, by the number behind the inbox in their reply subject. */
  const unconfirmed = new Map<number, readonly T[]>();

  function flush(): void {
    const last = batch.pop();
    if (last === undefined) return;
    for (const { reply } of batch) send(reply, "+ACK");
    send(last.reply, "+ACK", `${inbox}${++lastNumber}`);
    unconfirmed.set(lastNumber, [...batch, last]);
    batch = [];
    const [oldest] = unconfirmed.keys();
    if (unconfirmed.size > mostUnconfirmed && oldest !== undefined) unconfirmed.delete(oldest);
  }

  return {
    add: (delivery) => {
      if (batch.push(delivery) === 1) setImmediate(flush);
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
