import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
import type * as Koffi from "koffi";

/** Many datagrams of one socket by one call of the kernel, in memory that is used again. */
type Recvmmsg = {
  /**
   * Takes what waits in the socket, up to `batchSize` datagrams; how many. Throws what the kernel says, with `code` and
   * `syscall`.
   */
  receive(): number;
  /** Of the datagram at `index` of those that came last; good until the next `receive`. */
  bytes(index: number): Buffer;
  /** As inet_ntop(3) writes it. */
  address(index: number): string;
  port(index: number): number;
};

export type Family = "IPv4" | "IPv6";

export type Kernel = {
  createRecvmmsg(fd: number, family: Family): Recvmmsg;
  /** Calls `onReadable` once in a turn of the event loop while there is something to read and it is not stopped. */
  poll(fd: number, onReadable: () => void): Polling;
};

export type Polling = { start(onReadable: () => void): void; stop(): void; close(): void };

export const batchSize = 64;
/** More than UDP can carry. What no datagram has touched takes no memory. */
const slotBytes = 65_536;
const dontWait = 0x40;
/** A socket address is a family, a port and an address, before which IPv6 has a flow: 28 bytes at most. */
const nameBytes = 32;
const portAt = 2;
const families = { IPv4: { number: 2, from: 4, to: 8 }, IPv6: { number: 10, from: 8, to: 24 } } as const;
const longestAddressText = 46;

/**
 * Undefined on other systems than Linux, where koffi, which calls what is written in C, has no binary, and where the
 * call is not allowed.
 */
export async function loadKernel(): Promise<Kernel | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    const kernel = kernelBy(await import("koffi"));
    return isAllowed(kernel) ? kernel : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Asks for datagrams of no socket: a kernel or a sandbox that does not have the call says something else than that
 * there is none.
 */
function isAllowed(kernel: Kernel): boolean {
  try {
    kernel.createRecvmmsg(-1, "IPv4").receive();
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EBADF";
  }
}

function kernelBy(koffi: typeof Koffi): Kernel {
  const libc = koffi.load(null);
  const recvmmsg: (fd: number, headers: bigint, most: number, flags: number, timeout: null) => number = libc.func(
    "int recvmmsg(int, void *, unsigned int, int, void *)",
  );
  const inetNtop: (family: number, address: Buffer, text: Buffer, bytes: number) => bigint = libc.func(
    "void *inet_ntop(int, void *, void *, unsigned int)",
  );
  // recvmsg(2), recvmmsg(2)
  const iovec = koffi.struct({ base: "void *", length: "size_t" });
  const msghdr = koffi.struct({
    name: "void *",
    nameLength: "unsigned int",
    vectors: "void *",
    vectorCount: "size_t",
    control: "void *",
    controlLength: "size_t",
    flags: "int",
  });
  const mmsghdr = koffi.struct({ header: msghdr, length: "unsigned int" });

  const vectorBytes = koffi.sizeof(iovec);
  const headerBytes = koffi.sizeof(mmsghdr);
  const lengthAt = koffi.offsetof(mmsghdr, "length");

  function createRecvmmsg(fd: number, family: Family): Recvmmsg {
    const { number, from, to } = families[family];
    const vectorsAt = batchSize * headerBytes;
    const namesAt = vectorsAt + batchSize * vectorBytes;
    const slotsAt = namesAt + batchSize * nameBytes;
    // In one piece, so that nothing is collected that only the kernel knows of.
    const memory = Buffer.alloc(slotsAt + batchSize * slotBytes);
    const address = koffi.address(memory);
    const addressOf = (offset: number) => address + BigInt(offset);
    for (let index = 0; index < batchSize; index++) {
      const vectorAt = vectorsAt + index * vectorBytes;
      koffi.encode(addressOf(vectorAt), iovec, { base: addressOf(slotsAt + index * slotBytes), length: slotBytes });
      koffi.encode(addressOf(index * headerBytes), mmsghdr, {
        header: {
          name: addressOf(namesAt + index * nameBytes),
          nameLength: nameBytes,
          vectors: addressOf(vectorAt),
          vectorCount: 1,
          control: null,
          controlLength: 0,
          flags: 0,
        },
        length: 0,
      });
    }
    const lengths = new Uint32Array(memory.buffer, memory.byteOffset, vectorsAt / 4);
    const lastAddress = Buffer.alloc(to - from);
    const text = Buffer.alloc(longestAddressText);
    let lastText = "";

    return {
      receive: () => {
        const count = recvmmsg(fd, address, batchSize, dontWait, null);
        return count === -1 ? failed(koffi.errno()) : count;
      },
      bytes: (index) => {
        const at = slotsAt + index * slotBytes;
        return memory.subarray(at, at + (lengths[(index * headerBytes + lengthAt) / 4] ?? 0));
      },
      address: (index) => {
        const at = namesAt + index * nameBytes;
        // Datagrams come from few senders.
        if (lastText !== "" && memory.compare(lastAddress, 0, lastAddress.length, at + from, at + to) === 0)
          return lastText;
        memory.copy(lastAddress, 0, at + from, at + to);
        inetNtop(number, lastAddress, text, text.length);
        lastText = text.toString("latin1", 0, text.indexOf(0));
        return lastText;
      },
      port: (index) => memory.readUInt16BE(namesAt + index * nameBytes + portAt),
    };
  }

  return { createRecvmmsg, poll: (fd, onReadable) => koffi.node.poll(fd, onReadable) };
}

function failed(errno: number): number {
  const { EAGAIN, EINTR } = constants.errno;
  if (errno === EAGAIN || errno === EINTR) return 0;
  const code = getSystemErrorName(-errno);
  throw Object.assign(new Error(`recvmmsg ${code}`), { code, syscall: "recvmmsg" });
}
