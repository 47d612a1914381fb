import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanUpAfter, eventually, sendDatagram } from "@sense-alerts/test-kit";
import { startUdpSocket } from "../../src/socket/udp-socket.js";
import { createBurst, startReceiver, takePort } from "./receiver.js";

const burst = Array.from({ length: 200 }, (_, index) => `datagram ${index} ${"x".repeat(300)}`);

/** Lets the thread do nothing else, as a long computation does. */
function occupyThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test("says so when the port is taken, and binds by itself when it is free", async (t) => {
  const taken = await takePort(t);
  const receiver = startReceiver(t, { port: taken.port });
  await eventually(() => assert(receiver.errors.length >= 3));
  for (const { error } of receiver.errors) assert.match(error.message, /EADDRINUSE/);
  assert.equal(receiver.socket.bound(), undefined);
  await taken.release();
  assert.equal((await receiver.bound()).port, taken.port);
  await sendDatagram(taken.port, "at last");
  await receiver.datagrams(1);
});

test("pauses as long as its retry says, and briefly again once it was bound", async (t) => {
  const taken = await takePort(t);
  const pausesMs = [1, 2.4, 3, 4];
  let resets = 0;
  const retry = { next: () => pausesMs.shift() ?? 5, reset: () => resets++ };
  const receiver = startReceiver(t, { port: taken.port, retry });
  await eventually(() => assert(receiver.errors.length >= 5));
  assert.deepEqual(
    receiver.errors.slice(0, 5).map(({ retryMs }) => retryMs),
    [1, 2, 3, 4, 5],
  );
  assert.equal(resets, 0);
  await taken.release();
  await receiver.bound();
  assert.equal(resets, 1);
});

test("pauses half a second at most at first, and longer then, when it is given no retry", async (t) => {
  const { port } = await takePort(t);
  const pausesMs: number[] = [];
  const socket = startUdpSocket({
    host: "127.0.0.1",
    port,
    receiveBufferBytes: 65_536,
    onDatagram: () => undefined,
    onBound: () => assert.fail("the port is taken"),
    onError: (_, retryMs) => pausesMs.push(retryMs),
  });
  cleanUpAfter(t, socket.close);
  await eventually(() => assert.equal(pausesMs.length, 2));
  const [first = 0, second = 0] = pausesMs;
  assert(first >= 250 && first <= 500, `${first} ms`);
  assert(second >= 500 && second <= 1_000, `${second} ms`);
});

test("binds again after a fault, and keeps the port that it had picked", async (t) => {
  const receiver = startReceiver(t);
  const before = await receiver.bound();
  const fault = new Error("the network is down");
  receiver.breakFirstSocket(fault);
  assert.equal(receiver.socket.bound(), undefined);
  assert.deepEqual(
    receiver.errors.map(({ error }) => error),
    [fault],
  );
  assert.deepEqual(await receiver.bound(2), before);
  await sendDatagram(before.port, "again");
  await receiver.datagrams(1);
});

test("takes a second fault of the same socket for one", async (t) => {
  const receiver = startReceiver(t);
  await receiver.bound();
  receiver.breakFirstSocket(new Error("the network is down"));
  receiver.breakFirstSocket(new Error("the network is down still"));
  await receiver.bound(2);
  assert.equal(receiver.errors.length, 1);
});

test("takes what the kernel still holds before it closes", async (t) => {
  const receiver = startReceiver(t);
  const { port } = await receiver.bound();
  const send = await createBurst(t, port);
  await send(burst);
  const receivedBefore = receiver.received.length;
  await receiver.socket.close();
  assert.equal(receivedBefore, 0);
  assert.deepEqual(
    receiver.received.map(({ bytes }) => bytes.toString()),
    burst,
  );
});

test("takes what the kernel still holds also when the thread is busy meanwhile", async (t) => {
  const receiver = startReceiver(t);
  const { port } = await receiver.bound();
  const send = await createBurst(t, port);
  // From here on the event loop comes to its timers before it comes to its sockets.
  await new Promise((resolve) => setImmediate(resolve));
  await send(burst);
  const closing = receiver.socket.close();
  occupyThread(100);
  await closing;
  assert.equal(receiver.received.length, burst.length);
});

test("gives the port back when it closes, and is bound no more", async (t) => {
  const receiver = startReceiver(t);
  const { port } = await receiver.bound();
  await receiver.socket.close();
  assert.equal(receiver.socket.bound(), undefined);
  await takePort(t, port);
});

test("closes in a hurry although datagrams never stop coming", async (t) => {
  const receiver = startReceiver(t);
  const { port } = await receiver.bound();
  const send = await createBurst(t, port);
  const sender = setInterval(() => void send(["more"]), 5);
  try {
    await eventually(() => assert(receiver.received.length > 0));
    const startedAt = performance.now();
    await receiver.socket.close(AbortSignal.timeout(500));
    const tookMs = performance.now() - startedAt;
    assert(tookMs >= 450 && tookMs < 4_000, `took ${tookMs} ms`);
  } finally {
    clearInterval(sender);
  }
});

test("closes at once after the start, and never says that it was bound", async (t) => {
  const receiver = startReceiver(t);
  await receiver.socket.close();
  assert.deepEqual(receiver.bounds, []);
  assert.equal(receiver.socket.bound(), undefined);
});

test("tries no more once it is closed", async (t) => {
  const taken = await takePort(t);
  const receiver = startReceiver(t, { port: taken.port });
  await eventually(() => assert(receiver.errors.length >= 2));
  await receiver.socket.close();
  const errorsAtClose = receiver.errors.length;
  const other = startReceiver(t, { port: taken.port });
  await eventually(() => assert(other.errors.length >= 5));
  assert.equal(receiver.errors.length, errorsAtClose);
});

test("closes twice without complaint", async (t) => {
  const receiver = startReceiver(t);
  await receiver.bound();
  await Promise.all([receiver.socket.close(), receiver.socket.close()]);
});
