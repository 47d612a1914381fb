import { PublishError } from "./publish-error.js";
import { encodePubrel, type PublishPacket } from "./publish-packet.js";
import { createWindow } from "./window.js";

/**
 * Told once what became of a packet. Without an error the broker has it: at the PUBACK (QoS 1), the PUBCOMP (QoS 2) or when written (QoS 0);
 * `isHeard` is false when it says that nobody subscribes.
 */
export type OnSent = (error: PublishError | undefined, isHeard: boolean) => void;

/** What is on its way to the broker over the connections, one after the other. */
export type Outgoing = {
  /** Sent and without their PUBACK. */
  inFlight(): number;
  /** Whether what is sent now goes out now, instead of waiting its turn. */
  hasRoom(): boolean;
  /** Sends in the order of the calls, as soon as there is room. */
  send(packet: PublishPacket, onSent: OnSent): void;
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

/** One that has ended is emptied: the garbage of a Map can hold it long enough to be moved among what is old. */
type Sending = { packet: PublishPacket; onSent: OnSent; sentMs: number; isHeard: boolean };

const ended: Pick<Sending, "packet" | "onSent"> = {
  packet: { bytes: Buffer.alloc(0), idAt: 0, qos: 0 },
  onSent: () => {},
};

export type OutgoingOptions = {
  /** Writes to the present connection; `onWritten` is not called when that breaks. */
  readonly write: (bytes: Buffer, onWritten: () => void) => void;
  readonly maxInflight: number;
  readonly pubackMs: number;
  /** Called with each final answer of the broker, and how long it took; at QoS 0 when a message is written. */
  readonly onAnswer: (reasonCode: number, afterMs: number) => void;
  /** There is room again for more than what waits its turn. */
  readonly onRoom: () => void;
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
export function createOutgoing(options: OutgoingOptions): Outgoing {
  const { write, maxInflight, pubackMs, onAnswer, onRoom, meaningOf } = options;
  const window = createWindow<Sending>({
    size: maxInflight,
    admit: transmit,
    refuse: ({ onSent }) => onSent(offline(), false),
    onRoom,
  });
  /** By packet identifier, in the order sent. Those of QoS 0 have none and are under negative numbers. */
  const inFlight = new Map<number, Sending>();
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

  function conclude(id: number, reasonCode: number): void {
    const sending = inFlight.get(id);
    // The broker counts a message until it has acknowledged it, also one that was given up here (MQTT 5, 4.9).
    if (inFlight.delete(id) || givenUp.delete(id)) window.leave();
    if (sending === undefined) return;
    const { isHeard, onSent, sentMs } = sending;
    Object.assign(sending, ended);
    onAnswer(isHeard ? reasonCode : noMatchingSubscribers, performance.now() - sentMs);
    if (reasonCode < firstError) onSent(undefined, isHeard);
    else onSent(new PublishError("refused", `Publish error: ${meaningOf(reasonCode)}`, { reasonCode }), false);
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
    sending.sentMs = performance.now();
    inFlight.set(id, sending);
    put(bytes);
  }

  return {
    inFlight: () => inFlight.size,
    hasRoom: window.hasRoom,
    send: (packet, onSent) => window.enter({ packet, onSent, sentMs: 0, isHeard: true }),
    answered: (kind, id, reasonCode) => {
      const sending = inFlight.get(id);
      if (sending !== undefined && reasonCode === noMatchingSubscribers) sending.isHeard = false;
      if (kind === "pubrec" && reasonCode < firstError) {
        put(encodePubrel(id));
        return;
      }
      conclude(id, reasonCode);
    },
    opened: (first) => {
      room = first;
      window.reset(room);
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
      for (const { onSent } of broken) onSent(error, false);
      window.reset(maxInflight);
      return broken.length;
    },
    sweep: (lastHeardMs) => {
      const nowMs = performance.now();
      for (const [id, { sentMs, onSent }] of inFlight) {
        if (nowMs - sentMs < pubackMs) break;
        if (lastHeardMs < sentMs) return true;
        inFlight.delete(id);
        givenUp.add(id);
        onSent(new PublishError("no-puback", `no PUBACK within ${pubackMs} ms`), false);
      }
      return givenUp.size >= room;
    },
  };
}

function offline(): PublishError {
  return new PublishError("offline", unsent);
}
