// The thread that reads the socket, and does nothing else: started by start-socket-thread.ts.
import { parentPort, workerData } from "node:worker_threads";
import { createRingWriter } from "./datagram-ring.js";
import type { FromSocketThread, SocketThreadData, ToSocketThread } from "./start-socket-thread.js";
import { startUdpSocket } from "./udp-socket.js";

const { memory, ...options } = workerData as SocketThreadData;
const hurry = new AbortController();
const tell = (message: FromSocketThread) => parentPort?.postMessage(message);
const ring = createRingWriter(memory, () => tell({ kind: "datagrams" }));

/** More than come singly: then more are on their way, and a thread that reads them slowly loses them. */
const fullTurn = 8;
let inTurn = 0;
let isHurried = false;

function endTurn(): void {
  isHurried = inTurn >= fullTurn;
  inTurn = 0;
  ring.publish(isHurried);
  // The next turn may bring nothing, and has to say so.
  if (isHurried) setImmediate(endTurn);
}

const socket = startUdpSocket({
  ...options,
  onDatagram: (bytes, address, port) => {
    ring.write(bytes, address, port, Date.now());
    if (inTurn++ === 0 && !isHurried) setImmediate(endTurn);
  },
  onBound: (bound) => tell({ kind: "bound", bound }),
  // What else an error says than its message does not cross the threads by itself.
  onError: (error, retryMs) => tell({ kind: "error", error, code: "code" in error ? String(error.code) : "", retryMs }),
});

parentPort?.on("message", async (order: ToSocketThread) => {
  if (order === "hurry") return hurry.abort();
  await socket.close(hurry.signal);
  // The last turn may not have ended.
  ring.publish(false);
  tell({ kind: "closed" });
});
