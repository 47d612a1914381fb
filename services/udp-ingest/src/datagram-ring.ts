/** What the ring lies in; handed to the other thread as it is. */
export type RingMemory = { readonly state: SharedArrayBuffer; readonly records: SharedArrayBuffer };

export type RingWriter = {
  /** Copies a datagram into the ring. While that is full it blocks the calling thread: then the kernel's receive buffer fills, and counts. */
  write(bytes: Buffer, address: string, port: number, receivedAtMs: number): void;
  /** Shows the reader what has been written. While more is coming in a hurry the reader is not woken, and pauses, as long as there is room. */
  publish(isHurried: boolean): void;
};

export type RingReader = {
  /**
   * Hands over the oldest datagrams, `most` of them at the most, each with bytes of its own; fewer when it should pause, if `isPatient`.
   * True when there are more.
   */
  read(most: number, isPatient: boolean, onDatagram: OnDatagram): boolean;
  /** Asks to be rung for by the next `publish`. False when there is something to read already. */
  sleep(): boolean;
  /** Whether the writer should have the processor for itself. */
  shouldPause(): boolean;
  /** Whether a quarter of the ring is free. */
  hasRoom(): boolean;
};

export type OnDatagram = (bytes: Buffer, address: string, port: number, receivedAtMs: number) => void;

/** Offsets of the next record to write and to read, whether the reader sleeps, whether the writer waits for room or is in a hurry. */
const stateSlots = { head: 0, tail: 1, asleep: 2, waiting: 3, hurried: 4 } as const;
/** A record: length of the bytes, of the address (ASCII), the port, the time; the address and the bytes. All at multiples of 8. */
const at = { length: 0, addressLength: 4, port: 6, receivedAtMs: 8, text: 16 } as const;
const alignment = 8;
/** In place of a length: what follows is at the beginning of the ring. */
const goOn = -1;

/** Room for datagrams between a thread that receives them and one that reads them. From 128 KiB on it takes any datagram that UDP has. */
export function createRingMemory(bytes: number): RingMemory {
  return { state: new SharedArrayBuffer(4 * Object.keys(stateSlots).length), records: new SharedArrayBuffer(bytes) };
}

function viewsOf({ state, records }: RingMemory) {
  const size = records.byteLength;
  return { state: new Int32Array(state), view: new DataView(records), bytes: Buffer.from(records), size };
}

/** The one writer of a ring. `ring` is called when the reader sleeps and there is something to read. */
export function createRingWriter(memory: RingMemory, ring: () => void): RingWriter {
  const { state, view, bytes: records, size } = viewsOf(memory);
  // The kernel hands memory over page by page as it is touched first: in the midst of a burst that would cost a quarter of it.
  records.fill(0);
  let head = 0;

  /** Where a record of so many bytes goes; undefined while there is no room. Head and tail never meet but when the ring is empty. */
  function placeFor(length: number, tail: number): number | undefined {
    if (head < tail) return head + length < tail ? head : undefined;
    if (head + length < size || (head + length === size && tail > 0)) return head;
    if (length >= tail) return undefined;
    view.setInt32(head, goOn);
    return 0;
  }

  function waitForPlace(length: number): number {
    for (;;) {
      const tail = Atomics.load(state, stateSlots.tail);
      const place = placeFor(length, tail);
      if (place !== undefined) return place;
      publish(false);
      Atomics.store(state, stateSlots.waiting, 1);
      Atomics.wait(state, stateSlots.tail, tail);
    }
  }

  function publish(isHurried: boolean): void {
    Atomics.store(state, stateSlots.head, head);
    Atomics.store(state, stateSlots.hurried, isHurried ? 1 : 0);
    if (isHurried && hasRoom(state, size)) return;
    if (Atomics.exchange(state, stateSlots.asleep, 0) === 1) ring();
  }

  return {
    write: (bytes, address, port, receivedAtMs) => {
      const length = aligned(at.text + address.length + bytes.length);
      const place = waitForPlace(length);
      view.setInt32(place + at.length, bytes.length);
      view.setUint16(place + at.addressLength, address.length);
      view.setUint16(place + at.port, port);
      view.setFloat64(place + at.receivedAtMs, receivedAtMs);
      records.write(address, place + at.text, "latin1");
      records.set(bytes, place + at.text + address.length);
      head = (place + length) % size;
    },
    publish,
  };
}

/** The one reader of a ring; asleep at first. */
export function createRingReader(memory: RingMemory): RingReader {
  const { state, view, bytes: records, size } = viewsOf(memory);
  Atomics.store(state, stateSlots.asleep, 1);

  const isEmpty = () => Atomics.load(state, stateSlots.head) === Atomics.load(state, stateSlots.tail);

  const shouldPause = () => Atomics.load(state, stateSlots.hurried) === 1 && hasRoom(state, size);

  function moveTo(tail: number): void {
    Atomics.store(state, stateSlots.tail, tail);
    if (Atomics.exchange(state, stateSlots.waiting, 0) === 1) Atomics.notify(state, stateSlots.tail);
  }

  return {
    read: (most, isPatient, onDatagram) => {
      for (let count = 0; count < most && !isEmpty() && !(isPatient && shouldPause()); count++) {
        const tail = Atomics.load(state, stateSlots.tail);
        const place = view.getInt32(tail) === goOn ? 0 : tail;
        const length = view.getInt32(place + at.length);
        const bytesAt = place + at.text + view.getUint16(place + at.addressLength);
        const address = records.toString("latin1", place + at.text, bytesAt);
        const bytes = Buffer.allocUnsafe(length);
        records.copy(bytes, 0, bytesAt, bytesAt + length);
        const port = view.getUint16(place + at.port);
        const receivedAtMs = view.getFloat64(place + at.receivedAtMs);
        moveTo((place + aligned(bytesAt - place + length)) % size);
        onDatagram(bytes, address, port, receivedAtMs);
      }
      return !isEmpty();
    },
    sleep: () => {
      Atomics.store(state, stateSlots.asleep, 1);
      return isEmpty() || Atomics.exchange(state, stateSlots.asleep, 0) === 0;
    },
    shouldPause,
    hasRoom: () => hasRoom(state, size),
  };
}

function hasRoom(state: Int32Array, size: number): boolean {
  const used = Atomics.load(state, stateSlots.head) - Atomics.load(state, stateSlots.tail);
  return (used + size) % size < (size / 4) * 3;
}

function aligned(length: number): number {
  return Math.ceil(length / alignment) * alignment;
}
