import type { Socket } from "node:dgram";
import { batchSize, type Family, type Kernel, loadKernel, type Polling } from "./recvmmsg.js";

export type BatchReader = {
  /** Reads nothing for so long, if nothing was left to read. */
  rest(ms: number): void;
  /** Stops reading; the socket stays open. */
  close(): void;
};

/** How often the socket is read before the event loop goes on. */
const callsPerTurn = 16;
/** How often it looks whether there is room again. */
const fullRestMs = 2;
const ourKernel = await loadKernel();

/**
 * Takes the reading of a bound socket over from Node and reads up to 64 datagrams by one call of the kernel, which
 * takes a fifth of the time. In all else the socket stays Node's, and emits what goes wrong. The bytes that
 * `onDatagram` gets are good until it returns. While `isFull` it leaves to the kernel what comes. Undefined where this
 * cannot be: then Node goes on reading.
 */
export function readInBatches(
  socket: Socket,
  onDatagram: (bytes: Buffer, address: string, port: number) => void,
  kernel: Kernel | undefined = ourKernel,
  isFull: () => boolean = () => false,
): BatchReader | undefined {
  const handle = handleOf(socket);
  if (kernel === undefined || handle === undefined) return undefined;
  const datagrams = kernel.createRecvmmsg(handle.fd, socket.address().family as Family);

  function receive(): number {
    try {
      return datagrams.receive();
    } catch (error) {
      setImmediate(() => socket.emit("error", error));
      return 0;
    }
  }

  function read(): number {
    const count = receive();
    for (let index = 0; index < count; index++)
      onDatagram(datagrams.bytes(index), datagrams.address(index), datagrams.port(index));
    return count;
  }

  /**
   * Called by the poll from outside of JavaScript: promises and next ticks wait for what comes after it, and what it
   * throws has to be thrown elsewhere.
   */
  function onReadable(): void {
    try {
      let calls = 0;
      while (calls < callsPerTurn && !isFull() && read() === batchSize) calls++;
      isDrained = calls < callsPerTurn;
      if (isFull()) setImmediate(() => rest(fullRestMs));
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
    }
  }

  let isDrained = true;
  let resting: NodeJS.Timeout | undefined;
  const polling = takeOver(kernel, handle, onReadable);
  if (polling === undefined) return undefined;
  let isClosed = false;

  function rest(ms: number): void {
    if (resting !== undefined || isClosed || !(isDrained || isFull())) return;
    polling?.stop();
    resting = setTimeout(goOn, ms);
  }

  function goOn(): void {
    resting = isFull() ? setTimeout(goOn, fullRestMs) : undefined;
    if (resting === undefined) polling?.start(onReadable);
  }

  return {
    rest,
    close: () => {
      isClosed = true;
      clearTimeout(resting);
      polling.close();
    },
  };
}

type UdpHandle = { readonly fd: number; recvStart(): void; recvStop(): void };

/** One of the two may watch a socket. Node goes on where the other cannot. */
function takeOver({ poll }: Kernel, handle: UdpHandle, onReadable: () => void): Polling | undefined {
  handle.recvStop();
  try {
    return poll(handle.fd, onReadable);
  } catch {
    handle.recvStart();
    return undefined;
  }
}

/** What Node wraps the socket of the system in. It has no public name: found by what it can do, or not at all. */
function handleOf(socket: Socket): UdpHandle | undefined {
  for (const symbol of Object.getOwnPropertySymbols(socket)) {
    const state: unknown = Reflect.get(socket, symbol);
    if (typeof state !== "object" || state === null || !("handle" in state)) continue;
    const handle = state.handle as Partial<UdpHandle> | null;
    if (typeof handle?.fd === "number" && handle.fd >= 0 && typeof handle.recvStop === "function")
      return handle as UdpHandle;
  }
  return undefined;
}
