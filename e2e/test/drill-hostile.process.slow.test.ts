import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { test } from "node:test";
import { cleanUpAfter, eventually, type Service, taskDatagram } from "@sense-alerts/test-kit";
import { allDelivered, atRest, createSender, report, short } from "../src/drill.js";
import { startStack } from "../src/stack.js";

/**
 * Random bytes, real datagrams with random changes, and the largest there are. None of them may become an alert of its
 * own.
 */
function hostileDatagram(): Buffer {
  const kind = randomInt(100);
  if (kind < 40) return randomBytes(randomInt(400));
  if (kind < 41) return randomBytes(65_507);
  const datagram = Buffer.from(taskDatagram({ tag: "/no-such-tag/" }));
  for (let change = 0; change < 4; change++) datagram[randomInt(datagram.length)] = randomInt(256);
  // Whatever has become of it, the tag is still none of ours.
  return kind < 90 ? Buffer.concat([Buffer.from("/fuzz"), datagram]) : datagram.subarray(0, randomInt(datagram.length));
}

/** Sends in small batches, and waits whenever the service is behind, so that the kernel has room for each. */
async function flood(ingest: Service, count: number, between: () => Promise<void>): Promise<void> {
  const port = await ingest.udpPort();
  const socket = createSocket("udp4");
  const received = async () => ingest.metric("sensealerts_ingest_datagrams_received_total");
  const before = await received();
  for (let sent = 0; sent < count; ) {
    const batch = Array.from({ length: Math.min(500, count - sent) }, hostileDatagram);
    await Promise.all(batch.map((bytes) => new Promise((done) => socket.send(bytes, port, "127.0.0.1", done))));
    sent += batch.length;
    if (sent % 5_000 === 0) await between();
    await eventually(async () => assert.ok((await received()) - before >= sent), { intervalMs: 2 });
  }
  socket.close();
}

test("random, mutated and oversized datagrams are each counted, and the real ones in between all alerted", async (t) => {
  const stack = await startStack(t, { ingestEnv: { LOG_LEVEL: "info" } });
  const { nats, ingest, alerter, subscriber } = stack;
  const sender = createSender([await ingest.udpPort()]);
  const residentBefore = await ingest.metric("process_resident_memory_bytes");
  const count = short(10_000, 200_000);
  await flood(ingest, count, () => sender.send(50, 5_000));
  // Four short texts between semicolons are what Butler 1 sent for a failed task: chance makes one now and then.
  const figures = await allDelivered(subscriber, sender.sent, { strangers: true });
  await atRest(nats, [ingest], [alerter]);
  const rejected = await ingest.metric("sensealerts_ingest_datagrams_rejected_total");
  const received = await ingest.metric("sensealerts_ingest_datagrams_received_total");
  // Chance changes a tag so that it is one of ours, or none: then it is the same execution each time, and a duplicate.
  const events = (result: string) => ingest.metric("sensealerts_ingest_events_total", { result });
  const [stored, duplicate] = [await events("stored"), await events("duplicate")];
  assert.equal(stored, (await nats.stream("SENSE_EVENTS"))?.state.messages);
  assert.equal(received, count + sender.sent.length);
  assert.equal(
    stored - 1 + duplicate + rejected,
    received,
    "an event or a rejection; the socket's start is an event too",
  );
  assert.ok(rejected > count * 0.99);
  assert.equal(await ingest.metric("sensealerts_ingest_kernel_dropped_datagrams_total"), 0);
  const grownMiB = ((await ingest.metric("process_resident_memory_bytes")) - residentBefore) / 2 ** 20;
  assert.ok(grownMiB < 150, `grew by ${Math.round(grownMiB)} MiB`);
  const warnings = ingest.logs.filter((line) => line["msg"] === "datagram rejected");
  // One for each reason, and one for each of the first 100 unknown tags.
  assert.ok(warnings.length > 0 && warnings.length < 200, `${warnings.length} warnings`);
  report(t, { ...figures, hostile: count, grownMiB: Math.round(grownMiB) });
});

test("a flood from one source takes nothing from the others, and is counted", async (t) => {
  const stack = await startStack(t, { ingestEnv: { UDP_SOURCE_RATE_PER_SECOND: "500", UDP_HOST: "0.0.0.0" } });
  const { nats, ingest, alerter, subscriber } = stack;
  const port = await ingest.udpPort();
  const loud = createSocket("udp4");
  cleanUpAfter(t, () => void loud.close());
  await new Promise<void>((resolve) => loud.bind(0, "127.0.0.77", resolve));
  const flooding = Promise.all(
    Array.from({ length: 5_000 }, (_, n) => {
      const datagram = taskDatagram({ executionId: `flood-${n}`, logMessage: `flood ${n}` });
      return new Promise((done) => loud.send(`/fuzz${datagram}`, port, "127.0.0.1", done));
    }),
  );
  const sender = createSender([port]);
  await sender.send(400, 400);
  await flooding;
  const figures = await allDelivered(subscriber, sender.sent);
  await atRest(nats, [ingest], [alerter]);
  const over = { reason: "source-rate-exceeded" };
  const refused = await ingest.metric("sensealerts_ingest_datagrams_rejected_total", over);
  const dropped = await ingest.metric("sensealerts_ingest_kernel_dropped_datagrams_total");
  assert.ok(refused > 2_000, `${refused} refused`);
  report(t, { ...figures, refused, dropped });
});
