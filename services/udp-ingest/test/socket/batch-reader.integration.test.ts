import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { cleanUpAfter, eventually, sendDatagram, sendDatagrams } from "@sense-alerts/test-kit";
import { readInBatches } from "../../src/socket/batch-reader.js";
import { type Kernel, loadKernel } from "../../src/socket/recvmmsg.js";
import { startReceiver, withoutIpv6 } from "./receiver.js";

const batchesHere = process.platform === "linux" && ["x64", "arm64"].includes(process.arch);

test("reads many datagrams by one call on Linux, and says so", { skip: !batchesHere }, async (t) => {
  const receiver = startReceiver(t);
  assert.equal((await receiver.bound()).readsBatches, true);
});

test("leaves the reading to Node where there is no such call, with the same result", async (t) => {
  const receiver = startReceiver(t, { inBatches: () => undefined });
  const { port, readsBatches } = await receiver.bound();
  assert.equal(readsBatches, false);
  receiver.socket.rest(60_000);
  await sendDatagrams(port, ["first", "", "x".repeat(65_507)]);
  const received = await receiver.datagrams(3);
  assert.deepEqual(
    received.map(({ bytes, address }) => [bytes.length, address]),
    [
      [5, "127.0.0.1"],
      [0, "127.0.0.1"],
      [65_507, "127.0.0.1"],
    ],
  );
});

test("has plain IPv4 addresses on :: where Node reads", { skip: withoutIpv6 }, async (t) => {
  const receiver = startReceiver(t, { host: "::", inBatches: () => undefined });
  await sendDatagram((await receiver.bound()).port, "four");
  assert.equal((await receiver.datagrams(1))[0]?.address, "127.0.0.1");
});

test("tells senders apart that come in one batch", async (t) => {
  const receiver = startReceiver(t);
  const { port } = await receiver.bound();
  receiver.socket.rest(200);
  for (const address of ["127.0.0.2", "127.0.0.3", "127.0.0.2"]) {
    const sender = createSocket("udp4");
    await new Promise<void>((resolve) => sender.bind(0, address, resolve));
    await new Promise<void>((resolve) => sender.send("x", port, "127.0.0.1", () => resolve()));
    await new Promise<void>((resolve) => sender.close(() => resolve()));
  }
  const received = await receiver.datagrams(3);
  assert.deepEqual(
    received.map(({ address }) => address),
    ["127.0.0.2", "127.0.0.3", "127.0.0.2"],
  );
});

test("leaves to the kernel what comes while it rests", { skip: !batchesHere }, async (t) => {
  const receiver = startReceiver(t);
  const { port } = await receiver.bound();
  receiver.socket.rest(500);
  receiver.socket.rest(1);
  await sendDatagram(port, "later");
  await delay(100);
  assert.equal(receiver.received.length, 0);
  await receiver.datagrams(1);
});

test("says what the kernel says", { skip: !batchesHere }, async () => {
  const kernel = await loadKernel();
  assert(kernel !== undefined);
  assert.throws(() => kernel.createRecvmmsg(-1, "IPv4").receive(), {
    message: "recvmmsg EBADF",
    code: "EBADF",
    syscall: "recvmmsg",
  });
});

test("binds a socket again that cannot be read", async (t) => {
  const fault = new Error("recvmmsg ENOMEM");
  const broken: Kernel = {
    createRecvmmsg: () => ({
      receive: () => {
        throw fault;
      },
      bytes: () => Buffer.alloc(0),
      address: () => "",
      port: () => 0,
    }),
    poll: (_, onReadable) => {
      setImmediate(onReadable);
      return { start: () => {}, stop: () => {}, close: () => {} };
    },
  };
  let isBroken = true;
  const receiver = startReceiver(t, {
    inBatches: (socket, onDatagram) => {
      const kernel = isBroken ? broken : undefined;
      isBroken = false;
      return readInBatches(socket, onDatagram, kernel);
    },
  });
  await eventually(() => assert.equal(receiver.bounds.length, 2));
  assert.deepEqual(
    receiver.errors.map(({ error }) => error),
    [fault],
  );
  await sendDatagram(receiver.bounds[1]?.port ?? 0, "again");
  await receiver.datagrams(1);
});

test("does not read a socket that is not bound", (t) => {
  const socket = createSocket("udp4");
  cleanUpAfter(t, () => new Promise((resolve) => socket.close(resolve)));
  assert.equal(
    readInBatches(socket, () => {}),
    undefined,
  );
});
