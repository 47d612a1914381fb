import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { cleanUpAfter, eventually, type Scope, sendDatagrams } from "@sense-alerts/test-kit";
import { type ReceiveOptions, startReceiving } from "../../src/socket/receive.js";
import type { BoundSocket } from "../../src/socket/udp-socket.js";
import { createBurst, takePort } from "./receiver.js";

async function startReceiver(t: Scope, options: Partial<ReceiveOptions> = {}) {
  const received: string[] = [];
  const bounds: BoundSocket[] = [];
  const errors: Error[] = [];
  let counted = 0;
  const socket = startReceiving({
    host: "127.0.0.1",
    port: 0,
    receiveBufferBytes: 4_194_304,
    onReceived: () => counted++,
    onDatagram: (bytes, address) => received.push(`${bytes} ${address}`),
    mayWait: () => true,
    onBound: (bound) => bounds.push(bound),
    onError: (error) => errors.push(error),
    ...options,
  });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= socket.close();
    return closed;
  };
  cleanUpAfter(t, close);
  return { socket, received, bounds, errors, close, counted: () => counted };
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `datagram ${index}`);

test("receives every datagram in its order, with sender and time", async (t) => {
  const times: number[] = [];
  const texts: string[] = [];
  const { bounds } = await startReceiver(t, {
    onDatagram: (bytes, address, _port, receivedAtMs) => {
      times.push(receivedAtMs);
      texts.push(`${bytes} ${address}`);
    },
  });
  await eventually(() => assert.equal(bounds.length, 1));
  const sent = numbered(3_000);
  const beforeMs = Date.now();
  await sendDatagrams(bounds[0]?.port ?? 0, sent, { perSecond: 20_000 });
  await eventually(() => assert.equal(texts.length, sent.length));
  assert.deepEqual(
    texts,
    sent.map((text) => `${text} 127.0.0.1`),
  );
  assert.ok(times.every((time) => time >= beforeMs && time <= Date.now()));
});

test("counts what it takes off the socket at once, and what waits for the end of a burst", async (t) => {
  const { received, counted, waiting, tick } = await startBurst(t);
  const bytes = numbered(200).join("").length;
  await turns(20);
  assert.deepEqual([received.length, counted(), waiting()], [0, 200, { events: 200, bytes }]);
  await turns(100, () => tick(2));
  assert.deepEqual([received.length, counted(), waiting()], [200, 200, { events: 0, bytes: 0 }]);
});

test("lets no more wait in a burst than may, and hands over the oldest for what comes then", async (t) => {
  let most = 0;
  const mayWait = (datagrams: number, bytes: number) => {
    most = Math.max(most, datagrams);
    return datagrams <= 50 && bytes <= 1_000;
  };
  const { received, counted, waiting } = await startBurst(t, { mayWait });
  await turns(1);
  assert.equal(counted(), 200);
  assert(waiting().events <= 50 && waiting().bytes <= 1_000, JSON.stringify(waiting()));
  assert.equal(received.length, 200 - waiting().events);
  assert(most <= 51);
  assert.deepEqual(
    received,
    numbered(received.length).map((text) => `${text} 127.0.0.1`),
  );
});

test("leaves to the kernel what comes while room is being made, and takes it then", async (t) => {
  let isFull = false;
  const { bounds, received, counted } = await startReceiver(t, { mayWait: () => !isFull, makesRoom: () => isFull });
  await eventually(() => assert.equal(bounds.length, 1));
  const send = await createBurst(t, bounds[0]?.port ?? 0);
  isFull = true;
  await send(numbered(200));
  await delay(100);
  assert.deepEqual([received.length, counted()], [0, 0]);
  isFull = false;
  await eventually(() => assert.equal(received.length, 200));
  assert.deepEqual(
    received,
    numbered(200).map((text) => `${text} 127.0.0.1`),
  );
});

test("takes no more than one read of the socket when that fills what room there was", async (t) => {
  let isFull = false;
  const { bounds, received } = await startReceiver(t, {
    mayWait: () => !isFull,
    makesRoom: () => isFull,
    onReceived: () => {
      isFull = true;
    },
  });
  await eventually(() => assert.equal(bounds.length, 1));
  const send = await createBurst(t, bounds[0]?.port ?? 0);
  await send(numbered(200));
  await eventually(() => assert(received.length > 0));
  await delay(50);
  assert.equal(received.length, 64);
});

test("loses nothing while the process does nothing for half a second", async (t) => {
  const { bounds, received } = await startReceiver(t);
  await eventually(() => assert.equal(bounds.length, 1));
  const send = await createBurst(t, bounds[0]?.port ?? 0);
  await send(numbered(200));
  assert.equal(received.length, 0);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  await eventually(() => assert.equal(received.length, 200));
});

test("hands over what waits in it before it is closed", async (t) => {
  const { received, close } = await startBurst(t);
  await turns(20);
  assert.equal(received.length, 0);
  t.mock.timers.reset();
  await close();
  assert.deepEqual(
    received,
    numbered(200).map((text) => `${text} 127.0.0.1`),
  );
});

test("hands over what the kernel still holds before it is closed", async (t) => {
  const { bounds, received, close } = await startReceiver(t);
  await eventually(() => assert.equal(bounds.length, 1));
  await sendDatagrams(bounds[0]?.port ?? 0, numbered(200));
  await close();
  assert.equal(received.length, 200);
});

test("closes in a hurry though datagrams keep coming, and hands over all that it took off the socket", async (t) => {
  const { bounds, received, socket } = await startReceiver(t);
  await eventually(() => assert.equal(bounds.length, 1));
  const hurry = new AbortController();
  const sending = sendDatagrams(bounds[0]?.port ?? 0, numbered(2_000), { perSecond: 2_000 });
  await eventually(() => assert.ok(received.length > 100));
  const closed = socket.close(hurry.signal);
  hurry.abort();
  await closed;
  await sending;
  assert.deepEqual(
    received,
    numbered(received.length).map((text) => `${text} 127.0.0.1`),
  );
});

test("tells of a port that is taken, with the code of the error, and binds it once it is free", async (t) => {
  const taken = await takePort(t);
  const { bounds, errors, socket } = await startReceiver(t, { port: taken.port });
  await eventually(() => assert.equal(errors.length, 1));
  assert.deepEqual(
    [errors[0]?.message, errors[0] && "code" in errors[0] && errors[0].code],
    [`bind EADDRINUSE 127.0.0.1:${taken.port}`, "EADDRINUSE"],
  );
  assert.equal(socket.bound(), undefined);
  await taken.release();
  await eventually(() => assert.equal(bounds[0]?.port, taken.port));
});

/** Sends datagrams at once, and from then on no timer runs out before `tick`. */
async function startBurst(t: TestContext, options: Partial<ReceiveOptions> = {}, count = 200) {
  const { bounds, received, counted, close, socket } = await startReceiver(t, options);
  await eventually(() => assert.equal(bounds.length, 1));
  const send = await createBurst(t, bounds[0]?.port ?? 0);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  await send(numbered(count));
  return { received, counted, waiting: socket.waiting, close, send, tick: (ms: number) => t.mock.timers.tick(ms) };
}

/** Lets the event loop go round so many times. */
async function turns(count: number, each = () => {}): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    each();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("lets a burst end before it hands over the first", async (t) => {
  const { received, tick } = await startBurst(t);
  await turns(20);
  assert.equal(received.length, 0);
  await turns(100, () => tick(2));
  assert.deepEqual(
    received,
    numbered(200).map((text) => `${text} 127.0.0.1`),
  );
});

test("hands over in the midst of a burst when nothing may wait", async (t) => {
  const { received } = await startBurst(t, { longestWaitMs: 0 });
  await turns(20);
  assert.equal(received.length, 200);
});

test("rests when datagrams come in crowds, and takes what came meanwhile afterwards", async (t) => {
  const { received, send, tick } = await startBurst(t, { longestWaitMs: 0 });
  await turns(20);
  await send(["meanwhile"]);
  await turns(20);
  assert.equal(received.length, 200);
  await turns(20, () => tick(2));
  assert.equal(received.at(-1), "meanwhile 127.0.0.1");
});

test("does not rest when the kernel's buffer could not take what comes meanwhile", async (t) => {
  const { received, send } = await startBurst(t, { longestWaitMs: 0, receiveBufferBytes: 65_536 }, 110);
  await turns(20);
  await send(["meanwhile"]);
  await turns(20);
  assert.equal(received.at(-1), "meanwhile 127.0.0.1");
});

test("hands over the oldest in a burst when its own memory is full", async (t) => {
  const { bounds, received } = await startReceiver(t, {
    longestWaitMs: 60_000,
    receiveBufferBytes: 33_554_432,
    onDatagram: (bytes) => received.push(bytes.toString("latin1", 0, 4)),
  });
  await eventually(() => assert.equal(bounds.length, 1));
  const large = Array.from({ length: 300 }, (_, index) => String(index).padStart(4, "0") + "x".repeat(60_000));
  const send = await createBurst(t, bounds[0]?.port ?? 0);
  for (let first = 0; first < large.length; first += 30) {
    await send(large.slice(first, first + 30));
    await turns(3);
  }
  await eventually(() => assert.equal(received.length, large.length));
  assert.deepEqual(
    received,
    large.map((text) => text.slice(0, 4)),
  );
});

test("lets no datagram wait for longer than it may, however long datagrams come in a hurry", async (t) => {
  const longestWaitMs = 250;
  let longestMs = 0;
  let count = 0;
  const { bounds } = await startReceiver(t, {
    longestWaitMs,
    onDatagram: (_bytes, _address, _port, receivedAtMs) => {
      count++;
      longestMs = Math.max(longestMs, Date.now() - receivedAtMs);
    },
  });
  await eventually(() => assert.equal(bounds.length, 1));
  const send = await createBurst(t, bounds[0]?.port ?? 0);
  const spurt = numbered(100);
  const endMs = performance.now() + 1_500;
  let sent = 0;
  // In spurts of which each is a burst by itself.
  for (; performance.now() < endMs; sent += spurt.length) {
    await send(spurt);
    await delay(1);
  }
  await eventually(() => assert.equal(count, sent));
  assert(longestMs > 0 && longestMs < 3 * longestWaitMs, `${longestMs} ms`);
});
