import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, sendDatagrams } from "@sense-alerts/test-kit";
import { createBurst, takePort } from "./receiver.js";
import { numbered, startBurst, startReceiver, turns } from "./receiving.js";

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
