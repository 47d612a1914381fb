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

type Sending = {
  readonly packet: PublishPacket;
  readonly onSent: OnSent;
  /** Its packet identifier; 0 at QoS 0. */
  id: number;
  /** Counts what was sent. */
  order: number;
  sentMs: number;
  isHeard: boolean;
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
const fewestIds = 64;
/** In place of a message that waited for its PUBACK for too long. */
const givenUp = "given up";
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
  /** By packet identifier: a Map would leave a trail of garbage that ages badly. Twice as many as can be in flight, so that one is soon found. */
  const slots: (Sending | typeof givenUp | undefined)[] = new Array(
    Math.min(largestId, Math.max(fewestIds, 2 * maxInflight)) + 1,
  ).fill(undefined);
  const withoutId = new Set<Sending>();
  let room = maxInflight;
  let lastId = 0;
  let sent = 0;
  let inFlight = 0;
  let abandoned = 0;
  let batch: Buffer[] = [];
  let batchBytes = 0;
  let unwritten: Sending[] = [];

  function nextId(): number {
    do lastId = lastId === slots.length - 1 ? 1 : lastId + 1;
    while (slots[lastId] !== undefined);
    return lastId;
  }

  function conclude(id: number, reasonCode: number): void {
    const sending = slots[id];
    if (sending === undefined) return;
    slots[id] = undefined;
    if (sending === givenUp) abandoned--;
    else inFlight--;
    // The broker counts a message until it has acknowledged it, also one that was given up here (MQTT 5, 4.9).
    window.leave();
    if (sending !== givenUp) tell(sending, reasonCode);
  }

  function tell({ isHeard, onSent, sentMs }: Sending, reasonCode: number): void {
    onAnswer(isHeard ? reasonCode : noMatchingSubscribers, performance.now() - sentMs);
    if (reasonCode < firstError) onSent(undefined, isHeard);
    else onSent(new PublishError("refused", `Publish error: ${meaningOf(reasonCode)}`, { reasonCode }), false);
  }

  function onWritten(written: readonly Sending[]): void {
    for (const sending of written) {
      if (!withoutId.delete(sending)) continue;
      inFlight--;
      window.leave();
      tell(sending, 0);
    }
  }

  /** In the order sent. */
  function allInFlight(): Sending[] {
    const acknowledged = slots.filter((sending) => sending !== undefined && sending !== givenUp);
    return [...acknowledged, ...withoutId].sort((one, other) => one.order - other.order);
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
    const written = unwritten;
    batch = [];
    batchBytes = 0;
    unwritten = [];
    write(bytes, () => onWritten(written));
  }

  function transmit(sending: Sending): void {
    const { bytes, idAt, qos } = sending.packet;
    if (qos === 0) {
      unwritten.push(sending);
      withoutId.add(sending);
    } else {
      sending.id = nextId();
      slots[sending.id] = sending;
      bytes.writeUInt16BE(sending.id, idAt);
    }
    inFlight++;
    sending.order = ++sent;
    sending.sentMs = performance.now();
    put(bytes);
  }

  return {
    inFlight: () => inFlight,
    hasRoom: window.hasRoom,
    send: (packet, onSent) => window.enter({ packet, onSent, id: 0, order: 0, sentMs: 0, isHeard: true }),
    answered: (kind, id, reasonCode) => {
      const sending = slots[id];
      if (reasonCode === noMatchingSubscribers && sending !== undefined && sending !== givenUp) sending.isHeard = false;
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
      const broken = allInFlight();
      const error = new PublishError("offline", "the connection to the broker broke before the PUBACK", {
        alone: broken.length === 1,
      });
      slots.fill(undefined);
      withoutId.clear();
      inFlight = 0;
      abandoned = 0;
      batch = [];
      batchBytes = 0;
      unwritten = [];
      for (const { onSent } of broken) onSent(error, false);
      window.reset(maxInflight);
      return broken.length;
    },
    sweep: (lastHeardMs) => {
      const nowMs = performance.now();
      if (inFlight === 0) return abandoned >= room;
      for (const { id, sentMs, onSent } of allInFlight()) {
        if (nowMs - sentMs < pubackMs) break;
        if (lastHeardMs < sentMs) return true;
        // At QoS 0 it is the writing that hangs.
        if (id === 0) return true;
        slots[id] = givenUp;
        inFlight--;
        abandoned++;
        onSent(new PublishError("no-puback", `no PUBACK within ${pubackMs} ms`), false);
      }
      return abandoned >= room;
    },
  };
}

function offline(): PublishError {
  return new PublishError("offline", unsent);
}
