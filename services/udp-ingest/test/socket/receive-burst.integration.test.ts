import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "@sense-alerts/test-kit";
import { createBurst } from "./receiver.js";
import { numbered, startBurst, startReceiver, turns } from "./receiving.js";

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
  const { received, send } = await startBurst(t, { longestWaitMs: 0, receiveBufferBytes: 32_768 }, 110);
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
