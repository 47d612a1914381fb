import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { eventually, freeUdpPort, sendDatagram, sendDatagrams } from "../src/index.js";

async function receive(t: TestContext) {
  const received: Buffer[] = [];
  const port = await freeUdpPort();
  const socket = createSocket("udp4", (bytes) => void received.push(bytes));
  t.after(() => void socket.close());
  socket.bind(port, "127.0.0.1");
  await once(socket, "listening");
  return { port, received };
}

test("sends the bytes as they are, and text as UTF-8", async (t) => {
  const { port, received } = await receive(t);
  await sendDatagram(port, Buffer.from([0x00, 0xff, 0xe5]));
  await sendDatagram(port, "försäljning");
  await eventually(() => assert.equal(received.length, 2));
  assert.deepEqual([...(received[0] ?? [])], [0x00, 0xff, 0xe5]);
  assert.equal(received[1]?.toString("utf8"), "försäljning");
});

test("keeps the order and the rate", async (t) => {
  const { port, received } = await receive(t);
  const list = Array.from({ length: 500 }, (_, n) => `datagram ${n}`);
  const start = performance.now();
  await sendDatagrams(port, list, { perSecond: 1_000 });
  const lastedMs = performance.now() - start;
  await eventually(() => assert.equal(received.length, list.length));
  assert.deepEqual(received.map(String), list);
  assert.ok(lastedMs >= 499 && lastedMs < 1_500, `500 at 1,000 a second took ${lastedMs} ms`);
});
