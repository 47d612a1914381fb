import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, startNats } from "@sense-alerts/test-kit";
import { DiscardPolicy } from "nats";
import {
  busErrorOf,
  connectBeside,
  message,
  startTestBus,
  stored,
  streamNames,
  texts,
  whenDown,
  whenUp,
} from "../fixtures/bus.js";

test("stores a message under its subject, with its id, headers and bytes", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  const payload = Buffer.from([0, 13, 10, 255]);
  const headers = { "Sense-Reason": "försök 1", traceparent: "00-1-2-01" };
  const ack = await bus.publish({ subject: "sense.rejected", id: "a 1", payload, headers });
  assert.deepEqual(ack, { sequence: 1, duplicate: false });
  const { manager } = await connectBeside(t, server.url);
  const found = await manager.streams.getMessage("SENSE_REJECTED", { seq: 1 });
  assert.equal(found.subject, "sense.rejected");
  assert.deepEqual(Buffer.from(found.data), payload);
  assert.equal(found.header.get("Nats-Msg-Id"), "a 1");
  assert.equal(found.header.get("Sense-Reason"), "försök 1");
  assert.equal(found.header.get("traceparent"), "00-1-2-01");
});

test("keeps a header with a line break in one line", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  await bus.publish(message("a", { headers: { "Sense-Reason": "no\r\nway: at all\n" } }));
  const { manager } = await connectBeside(t, server.url);
  const { header } = await manager.streams.getMessage("SENSE_EVENTS", { seq: 1 });
  assert.equal(header.get("Sense-Reason"), "no way: at all");
});

test("stores a message once that is published twice, even with a crash of the server between", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  await bus.publish(message("a"));
  await bus.publish(message("b"));
  assert.deepEqual(await bus.publish(message("a")), { sequence: 1, duplicate: true });
  await server.stop("SIGKILL");
  await whenDown(bus, /./);
  await server.start();
  await whenUp(bus);
  assert.deepEqual(await bus.publish(message("b")), { sequence: 2, duplicate: true });
  assert.equal((await server.stream("SENSE_EVENTS"))?.state.messages, 2);
});

test("stores 5,000 messages that are under way together, each once and in their order", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  const wanted = texts("m", 5_000);
  const acks = await Promise.all(wanted.map((text) => bus.publish(message(text))));
  assert.deepEqual(
    acks,
    wanted.map((_, index) => ({ sequence: index + 1, duplicate: false })),
  );
  const { manager } = await connectBeside(t, server.url);
  assert.deepEqual(await stored(manager), wanted);
});

test("says which error of JetStream it was when the stream is full and takes nothing more", async (t) => {
  const server = await startNats(t);
  const { manager } = await connectBeside(t, server.url);
  const full = { max_msgs: 1, discard: DiscardPolicy.New };
  await manager.streams.add({ name: "SENSE_EVENTS", subjects: ["sense.*.*"], ...full });
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  await bus.publish(message("a"));
  await assert.rejects(bus.publish(message("b")), { code: "refused", apiCode: 10077, message: /maximum messages/ });
});

test("rejects at once while there is no connection, and nothing of it is stored later", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await assert.rejects(bus.publish(message("before it is up")), busErrorOf("disconnected"));
  await whenUp(bus);
  await server.stop("SIGKILL");
  await whenDown(bus, /./);
  const startedMs = performance.now();
  await assert.rejects(bus.publish(message("while it is away")), busErrorOf("disconnected"));
  assert.ok(performance.now() - startedMs < 100);
  await server.start();
  await whenUp(bus);
  await bus.publish(message("when it is back"));
  const { manager } = await connectBeside(t, server.url);
  assert.deepEqual(await stored(manager), ["when it is back"]);
});

test("rejects what is under way as soon as the connection breaks", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  server.suspend();
  const underWay = texts("m", 10).map((text) => assert.rejects(bus.publish(message(text)), busErrorOf("disconnected")));
  await server.stop("SIGKILL");
  const startedMs = performance.now();
  await Promise.all(underWay);
  assert.ok(performance.now() - startedMs < 1_000);
});

test("rejects what is under way when it is closed", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  server.suspend();
  const underWay = assert.rejects(bus.publish(message("a")), busErrorOf("disconnected"));
  await bus.close();
  await underWay;
});

test("rejects within 6 s when the server is frozen, and stores the message once when it is sent again", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  server.suspend();
  const startedMs = performance.now();
  await assert.rejects(bus.publish(message("a")), busErrorOf("no-ack"));
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs >= 5_000 && tookMs < 6_000, `took ${tookMs} ms`);
  server.resume();
  assert.deepEqual(await bus.publish(message("a")), { sequence: 1, duplicate: true });
});

test("notices a frozen server by itself, and is back within 5 s after it goes on", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  const startedMs = performance.now();
  server.suspend();
  // More than fits into the socket, so that no further write is ever finished.
  const payload = Buffer.alloc(900_000);
  for (const text of texts("large", 30)) bus.publish(message(text, { payload })).catch(() => undefined);
  await whenDown(bus, /the connection broke/);
  assert.ok(performance.now() - startedMs < 16_000);
  server.resume();
  await whenUp(bus, 5_000);
  await bus.publish(message("a"));
});

test("makes a stream anew that was deleted under it, and goes on publishing", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  await bus.publish(message("a"));
  const { manager } = await connectBeside(t, server.url);
  await manager.streams.delete("SENSE_EVENTS");
  await assert.rejects(bus.publish(message("b")), busErrorOf("unavailable"));
  const startedMs = performance.now();
  await eventually(() => bus.publish(message("b")));
  assert.ok(performance.now() - startedMs > 1_900, "made it anew while NATS could still be removing the files");
  assert.deepEqual(await streamNames(server), ["SENSE_DEAD_LETTERS", "SENSE_EVENTS", "SENSE_REJECTED"]);
  assert.deepEqual(await stored(manager), ["b"]);
});

test("stores every message of a burst under which the stream was deleted, once each was sent again", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  const { manager } = await connectBeside(t, server.url);
  await manager.streams.delete("SENSE_EVENTS");
  const wanted = texts("m", 500);
  const settled = await Promise.allSettled(wanted.map((text) => bus.publish(message(text))));
  assert.ok(settled.every((result) => result.status === "rejected"));
  await Promise.all(wanted.map((text) => eventually(() => bus.publish(message(text)))));
  assert.deepEqual((await stored(manager)).sort(), [...wanted].sort());
});
