import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { cleanUpAfter, freeUdpPort, sendDatagram, sendDatagrams } from "@sense-alerts/test-kit";
import { linkLocalAddress, startReceiver, withoutIpv6 } from "./receiver.js";

test("receives on IPv4, with the bytes, the address and the port of the sender", async (t) => {
  const receiver = startReceiver(t);
  const { address, port } = await receiver.bound();
  assert.equal(address, "127.0.0.1");
  const sender = createSocket("udp4").bind(0, "127.0.0.1");
  cleanUpAfter(t, () => new Promise((resolve) => sender.close(resolve)));
  await once(sender, "listening");
  const bytes = Buffer.from([0x2f, 0x00, 0xff, 0x3b]);
  sender.send(bytes, port, "127.0.0.1");
  assert.deepEqual(await receiver.datagrams(1), [{ bytes, address: "127.0.0.1", port: sender.address().port }]);
});

test("receives in the order of sending, each datagram by itself", async (t) => {
  const receiver = startReceiver(t);
  const { port } = await receiver.bound();
  const texts = Array.from({ length: 100 }, (_, index) => `datagram ${index}`);
  await sendDatagrams(port, texts);
  const received = await receiver.datagrams(100);
  assert.deepEqual(
    received.map(({ bytes }) => bytes.toString()),
    texts,
  );
});

test("receives on :: from both families, with plain IPv4 addresses", { skip: withoutIpv6 }, async (t) => {
  const receiver = startReceiver(t, { host: "::" });
  const { address, port } = await receiver.bound();
  assert.equal(address, "::");
  await sendDatagram(port, "four");
  await receiver.datagrams(1);
  await sendDatagram(port, "six", { address: "::1" });
  const received = await receiver.datagrams(2);
  assert.deepEqual(
    received.map((datagram) => [datagram.bytes.toString(), datagram.address]),
    [
      ["four", "127.0.0.1"],
      ["six", "::1"],
    ],
  );
});

const linkLocal = linkLocalAddress();

test("leaves the zone out of a link-local address", {
  skip: linkLocal === undefined && "no such address",
}, async (t) => {
  const receiver = startReceiver(t, { host: "::" });
  const { port } = await receiver.bound();
  await sendDatagram(port, "near", { address: linkLocal ?? "" });
  const [datagram] = await receiver.datagrams(1);
  assert.equal(datagram?.address, linkLocal?.split("%")[0]);
});

test("takes a host name for its address", async (t) => {
  const receiver = startReceiver(t, { host: "localhost" });
  assert.equal((await receiver.bound()).address, "127.0.0.1");
});

test("takes any free port for 0, and says which", async (t) => {
  const receiver = startReceiver(t);
  assert.equal(receiver.socket.bound(), undefined, "it is not bound at once");
  const bound = await receiver.bound();
  assert(bound.port > 0);
  assert.deepEqual(receiver.socket.bound(), bound);
  assert.deepEqual(receiver.errors, []);
});

test("takes the port that it is given", async (t) => {
  const port = await freeUdpPort();
  const receiver = startReceiver(t, { port });
  assert.equal((await receiver.bound()).port, port);
});

test("reads back the receive buffer that was granted", async (t) => {
  const receiver = startReceiver(t, { receiveBufferBytes: 65_536 });
  assert.equal((await receiver.bound()).receiveBufferBytes, 65_536);
});

test("reads back less than was asked when the kernel grants less", async (t) => {
  const asked = 1_073_741_824;
  const receiver = startReceiver(t, { receiveBufferBytes: asked });
  const { receiveBufferBytes } = await receiver.bound();
  assert(receiveBufferBytes > 0 && receiveBufferBytes < asked, String(receiveBufferBytes));
});

test("takes an empty datagram and the largest that there is, and goes on", async (t) => {
  const receiver = startReceiver(t);
  const { port } = await receiver.bound();
  const largest = Buffer.alloc(65_507, "x");
  await sendDatagrams(port, ["", largest, "after"]);
  const received = await receiver.datagrams(3);
  assert.deepEqual(
    received.map(({ bytes }) => bytes),
    [Buffer.alloc(0), largest, Buffer.from("after")],
  );
});
