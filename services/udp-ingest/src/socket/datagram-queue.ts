export type OnDatagram = (bytes: Buffer, address: string, port: number, receivedAtMs: number) => void;

export type DatagramQueue = {
  /** Copies a datagram to the end; false when there is no room for it. */
  write(bytes: Buffer, address: string, port: number, receivedAtMs: number): boolean;
  /** Hands over the oldest, `most` of them at the most; each with bytes of its own; true when there are more. */
  read(most: number, onDatagram: OnDatagram): boolean;
  /** Whether a quarter of it is free. */
  hasRoom(): boolean;
  /** How many datagrams wait in it. */
  count(): number;
  /** How many bytes these datagrams have. */
  bytes(): number;
};

/**
 * A record: length of the bytes, of the address (ASCII), the port, the time; the address and the bytes. All at
 * multiples of 8.
 */
const at = { length: 0, addressLength: 4, port: 6, receivedAtMs: 8, text: 16 } as const;
const alignment = 8;
/** In place of a length: what follows is at the beginning. */
const goOn = -1;

/**
 * Datagrams as they came, in the order in which they came, one behind the other in one piece of memory: as objects they
 * would take three times as much, and keep the collector busy. From 128 KiB on it takes any datagram that UDP has.
 */
export function createDatagramQueue(size: number): DatagramQueue {
  // What no datagram has touched takes no memory.
  const records = Buffer.alloc(size);
  const view = new DataView(records.buffer, records.byteOffset, size);
  let head = 0;
  let tail = 0;
  let waiting = 0;
  let waitingBytes = 0;

  /**
   * Where a record of so many bytes goes; undefined while there is no room. Head and tail never meet but when there is
   * nothing.
   */
  function placeFor(length: number): number | undefined {
    if (head < tail) return head + length < tail ? head : undefined;
    if (head + length < size || (head + length === size && tail > 0)) return head;
    if (length >= tail) return undefined;
    view.setInt32(head, goOn);
    return 0;
  }

  return {
    write: (bytes, address, port, receivedAtMs) => {
      const length = aligned(at.text + address.length + bytes.length);
      const place = placeFor(length);
      if (place === undefined) return false;
      view.setInt32(place + at.length, bytes.length);
      view.setUint16(place + at.addressLength, address.length);
      view.setUint16(place + at.port, port);
      view.setFloat64(place + at.receivedAtMs, receivedAtMs);
      records.write(address, place + at.text, "latin1");
      records.set(bytes, place + at.text + address.length);
      head = (place + length) % size;
      waiting++;
      waitingBytes += bytes.length;
      return true;
    },
    read: (most, onDatagram) => {
      for (let count = 0; count < most && tail !== head; count++) {
        const place = view.getInt32(tail) === goOn ? 0 : tail;
        const length = view.getInt32(place + at.length);
        const bytesAt = place + at.text + view.getUint16(place + at.addressLength);
        const address = records.toString("latin1", place + at.text, bytesAt);
        const bytes = Buffer.allocUnsafe(length);
        records.copy(bytes, 0, bytesAt, bytesAt + length);
        tail = (place + aligned(bytesAt - place + length)) % size;
        waiting--;
        waitingBytes -= length;
        onDatagram(bytes, address, view.getUint16(place + at.port), view.getFloat64(place + at.receivedAtMs));
      }
      if (tail !== head) return true;
      // From the beginning again, where there is memory already.
      head = 0;
      tail = 0;
      return false;
    },
    hasRoom: () => (head - tail + size) % size < (size / 4) * 3,
    count: () => waiting,
    bytes: () => waitingBytes,
  };
}

function aligned(length: number): number {
  return Math.ceil(length / alignment) * alignment;
}
