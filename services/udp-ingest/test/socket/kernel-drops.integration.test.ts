import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cleanUpAfter, eventually, tempDir } from "@sense-alerts/test-kit";
import { readKernelDrops, watchKernelDrops } from "../../src/socket/kernel-drops.js";

const linuxOnly = { skip: process.platform === "linux" ? false : "there is no /proc/net/udp" };

/** Blocks the thread, so that nothing is taken off any socket. */
function blockFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test("counts just the datagrams that the kernel threw away", linuxOnly, async (t) => {
  const receiver = createSocket({ type: "udp4", recvBufferSize: 4_096 });
  let received = 0;
  receiver.on("message", () => received++);
  receiver.bind(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = receiver.address();
  let counted = 0;
  const watch = watchKernelDrops({ port: () => port, onDropped: (datagrams) => (counted += datagrams), everyMs: 20 });
  const sender = createSocket("udp4");
  cleanUpAfter(t, () => {
    watch.close();
    receiver.close();
    sender.close();
  });
  const sent = 500;
  const handed = Promise.all(
    Array.from(
      { length: sent },
      () => new Promise((done) => sender.send(Buffer.alloc(1_000), port, "127.0.0.1", done)),
    ),
  );
  blockFor(50);
  await handed;
  await eventually(() => {
    assert.ok(counted > 0, "the buffer is small enough to overflow");
    assert.equal(received + counted, sent);
  });
  assert.equal(readKernelDrops(port), counted);
});

test("tells its own socket from another process's on the same port, and takes IPv6 too", (t) => {
  const dir = tempDir(t);
  mkdirSync(join(dir, "net"));
  mkdirSync(join(dir, "self", "fd"), { recursive: true });
  symlinkSync("socket:[305259]", join(dir, "self", "fd", "21"));
  symlinkSync("socket:[305260]", join(dir, "self", "fd", "22"));
  symlinkSync("/dev/null", join(dir, "self", "fd", "0"));
  const head =
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n";
  const row = (address: string, port: string, inode: number, drops: number) =>
    `  204: ${address}:${port} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 ${inode} 2 000000005c7871f3 ${drops}\n`;
  writeFileSync(
    join(dir, "net", "udp"),
    head +
      row("0100007F", "270E", 305259, 17) +
      row("0200007F", "270E", 99, 1_000) +
      row("0100007F", "270F", 305260, 5),
  );
  writeFileSync(join(dir, "net", "udp6"), head + row("00000000000000000000000000000000", "270E", 305260, 3));
  assert.equal(readKernelDrops(0x270e, dir), 20);
  assert.equal(readKernelDrops(1, dir), 0);
});

test("says nothing where the kernel has no such table", (t) => {
  assert.equal(readKernelDrops(9998, join(tempDir(t), "none")), undefined);
});
