import { PublishError } from "./publish-error.js";
import { encodePubrel, type PublishPacket } from "./publish-packet.js";
import { createWindow } from "./window.js";

/** A packet to be sent, and who is told what became of it, once. */
type Sending = {
  readonly packet: PublishPacket;
  /** The broker has it: at the PUBACK (QoS 1), the PUBCOMP (QoS 2) or when written (QoS 0). `heard` is false when it says that nobody subscribes. */
  readonly resolve: (heard: boolean) => void;
  readonly reject: (error: PublishError) => void;
};

/** What is on its way to the broker over the connections, one after the other. */
export type Outgoing = {
  /** Sent and without their PUBACK. */
  inFlight(): number;
  /** Sends in the order of the calls, as soon as there is room. */
  send(sending: Sending): void;
  /** An acknowledgement from the broker (MQTT 5, 3.4 to 3.7), `pubrel` aside. */
  answered(kind: "puback" | "pubrec" | "pubcomp", id: number, reasonCode: number): void;
  /** A new connection takes so many at a time. */
  opened(room: number): void;
  /** Lets twice as many go at a time, up to `most`. */
  widen(most: number): void;
  /** The connection is gone. Rejects all in the order in which they were sent; returns how many had no PUBACK. */
  broke(): number;
  /**
   * Gives up what has waited for its PUBACK for too long. True when only a new connection helps: the broker has said nothing at all since it was
   * sent, or what was given up leaves no room for anything else.
   */
  sweep(lastHeardMs: number): boolean;
};

type InFlight = Sending & { sentMs: number; unheard: boolean };

export type OutgoingOptions = {
  /** Writes to the present connection; `onWritten` is not called when that breaks. */
  readonly write: (bytes: Buffer, onWritten: () => void) => void;
  readonly maxInflight: number;
  readonly pubackMs: number;
  /** Called with each final answer of the broker, and how long it took; at QoS 0 when a message is written. */
  readonly onAnswer: (reasonCode: number, afterMs: number) => void;
  /** What a reason code of 0x80 or above means. */
  readonly meaningOf: (reasonCode: number) => string;
};

const unsent = "the connection to the broker broke before the message was sent";
const noMatchingSubscribers = 0x10;
const firstError = 0x80;
const largestId = 65_535;
/** Over WebSocket a write is a frame, and gateways bound those. */
const largestWriteBytes = 65_536;

/**
 * Keeps the packets that have no PUBACK, in memory alone, and writes all that is sent in one turn of the event loop with one write: a turn
 * brings many PUBACKs, and each lets another message go. The identifier of a message that was given up is not used again on the same
 * connection: its PUBACK may still come (MQTT 5, 2.2.1).
 */
export function createOutgoing({ write, maxInflight, pubackMs, onAnswer, meaningOf }: OutgoingOptions): Outgoing {
  const window = createWindow(maxInflight);
  /** By packet identifier, in the order sent. Those of QoS 0 have none and are under negative numbers. */
  const inFlight = new Map<number, InFlight>();
  const givenUp = new Set<number>();
  let room = maxInflight;
  let lastId = 0;
  let lastWithoutId = 0;
  let batch: Buffer[] = [];
  let batchBytes = 0;
  let unacknowledged: number[] = [];

  function nextId(): number {
    do lastId = lastId === largestId ? 1 : lastId + 1;
    while (inFlight.has(lastId) || givenUp.has(lastId));
    return lastId;
  }

  function settle(id: number): InFlight | undefined {
    const sending = inFlight.get(id);
    // The broker counts a message until it has acknowledged it, also one that was given up here (MQTT 5, 4.9).
    if (inFlight.delete(id) || givenUp.delete(id)) window.leave();
    return sending;
  }

  function conclude(id: number, reasonCode: number): void {
    const sending = settle(id);
    if (sending === undefined) return;
    onAnswer(sending.unheard ? noMatchingSubscribers : reasonCode, performance.now() - sending.sentMs);
    if (reasonCode < firstError) sending.resolve(!sending.unheard);
    else sending.reject(new PublishError("refused", `Publish error: ${meaningOf(reasonCode)}`, { reasonCode }));
  }

  function put(bytes: Buffer): void {
    if (batch.push(bytes) === 1) setImmediate(flush);
    batchBytes += bytes.length;
    if (batchBytes >= largestWriteBytes) flush();
  }

  function flush(): void {
    const [first] = batch;
    if (first === undefined) return;
    const bytes = batch.length === 1 ? first : Buffer.concat(batch);
    const written = unacknowledged;
    batch = [];
    batchBytes = 0;
    unacknowledged = [];
    write(bytes, () => {
      for (const id of written) conclude(id, 0);
    });
  }

  function transmit(sending: Sending): void {
    const { bytes, idAt, qos } = sending.packet;
    const id = qos === 0 ? --lastWithoutId : nextId();
    if (qos === 0) unacknowledged.push(id);
    else bytes.writeUInt16BE(id, idAt);
    const { packet, resolve, reject } = sending;
    inFlight.set(id, { packet, resolve, reject, sentMs: performance.now(), unheard: false });
    put(bytes);
  }

  return {
    inFlight: () => inFlight.size,
    send: (sending) => window.enter({ admit: () => transmit(sending), refuse: () => sending.reject(offline()) }),
    answered: (kind, id, reasonCode) => {
      const sending = inFlight.get(id);
      if (sending !== undefined && reasonCode === noMatchingSubscribers) sending.unheard = true;
      if (kind === "pubrec" && reasonCode < firstError) {
        put(encodePubrel(id));
        return;
      }
      conclude(id, reasonCode);
    },
    opened: (first) => {
      room = first;
      window.reset(room, offline());
    },
    widen: (most) => {
      room = most;
      window.widen(most);
    },
    broke: () => {
      const broken = [...inFlight.values()];
      const error = new PublishError("offline", "the connection to the broker broke before the PUBACK", {
        alone: broken.length === 1,
      });
      inFlight.clear();
      givenUp.clear();
      batch = [];
      batchBytes = 0;
      unacknowledged = [];
      for (const sending of broken) sending.reject(error);
      window.reset(maxInflight, offline());
      return broken.length;
    },
    sweep: (lastHeardMs) => {
      const nowMs = performance.now();
      for (const [id, { sentMs }] of inFlight) {
        if (nowMs - sentMs < pubackMs) break;
        if (lastHeardMs < sentMs) return true;
        const sending = inFlight.get(id);
        inFlight.delete(id);
        givenUp.add(id);
        sending?.reject(new PublishError("no-puback", `no PUBACK within ${pubackMs} ms`));
      }
      return givenUp.size >= room;
    },
  };
}

function offline(): PublishError {
  return new PublishError("offline", unsent);
}
