import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanUpAfter, freeTcpPort, publishNats, type Scope, startNats } from "@sense-alerts/test-kit";
import {
  type BusOptions,
  openParkedStreams,
  type ParkedStream,
  type ParkedStreams,
  type StoredMessage,
} from "../../src/index.js";
import { busErrorOf, connectBeside, defaults, message, startTestBus, texts, whenUp } from "../fixtures/bus.js";

async function open(t: Scope, url: string, options: Partial<BusOptions> = {}): Promise<ParkedStreams> {
  const streams = await openParkedStreams({ ...defaults, servers: [url], ...options });
  cleanUpAfter(t, streams.close);
  return streams;
}

/** A server with the streams, those of parked messages opened, and a bus to put something in. */
async function startWithStreams(t: Scope) {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  const put = (text: string, headers = {}) => bus.publish(message(text, { subject: "sense.rejected", headers }));
  const streams = await open(t, server.url);
  return { server, bus, put, streams, stream: streams.rejected };
}

async function textsIn(stream: ParkedStream): Promise<string[]> {
  const found: StoredMessage[] = [];
  for await (const each of stream.messages()) found.push(each);
  return found.map(({ bytes }) => Buffer.from(bytes).toString());
}

test("reads every message oldest first, over gaps of any size, and none that comes meanwhile", async (t) => {
  const { server, put, stream } = await startWithStreams(t);
  assert.deepEqual(await textsIn(stream), []);
  const all = texts("m", 400);
  for (const text of all) await put(text);
  assert.deepEqual(await textsIn(stream), all);
  const { manager } = await connectBeside(t, server.url);
  for (let seq = 2; seq <= 300; seq++) await manager.streams.deleteMessage("SENSE_REJECTED", seq, false);
  const reading = stream.messages();
  assert.equal((await reading.next()).value?.sequence, 1);
  await put("late");
  const left: number[] = [];
  for await (const { sequence } of reading) left.push(sequence);
  assert.deepEqual(
    left,
    Array.from({ length: 100 }, (_, index) => 301 + index),
  );
  await stream.remove(1);
  assert.equal((await textsIn(stream))[0], "m-301");
});

test("reads a message with its headers, its bytes and its time, and no message where there is none", async (t) => {
  const { put, stream, streams, server } = await startWithStreams(t);
  await put("first", { "Sense-Reason": "försök" });
  const found = await stream.message(1);
  assert(found !== undefined);
  assert.deepEqual(found.headers, { "Nats-Msg-Id": "first", "Sense-Reason": "försök" });
  assert.deepEqual([found.subject, Buffer.from(found.bytes).toString()], ["sense.rejected", "first"]);
  const { manager } = await connectBeside(t, server.url);
  assert.equal(found.storedAt, (await manager.streams.getMessage("SENSE_REJECTED", { seq: 1 })).timestamp);
  assert.equal(await stream.message(2), undefined);
  assert.equal(await streams.event(1), undefined);
});

test("reads a message whose headers cannot be read, without them", async (t) => {
  const { server, stream } = await startWithStreams(t);
  await publishNats(server.port, [{ subject: "sense.rejected", payload: "x", headers: { "Sense-Reason": "a\nb" } }]);
  const found = await stream.message(1);
  assert.deepEqual([found?.headers, Buffer.from(found?.bytes ?? []).toString()], [{}, "x"]);
});

test("reads an event as large as the server takes", async (t) => {
  const { bus, streams } = await startWithStreams(t);
  const payload = Buffer.alloc(1024 * 1024 - 100, "x");
  await bus.publish(message("large", { payload }));
  assert.equal(Buffer.compare(Buffer.from((await streams.event(1))?.bytes ?? []), payload), 0);
});

test("removes a message once, and takes it well that it is gone", async (t) => {
  const { put, stream } = await startWithStreams(t);
  for (const text of ["a", "b", "c"]) await put(text);
  await stream.remove(2);
  await stream.remove(2);
  assert.deepEqual(await textsIn(stream), ["a", "c"]);
});

test("publishes into the event stream alone, and knows what it had already", async (t) => {
  const { stream, streams } = await startWithStreams(t);
  assert.deepEqual(await streams.publishEvent(message("a", { headers: { traceparent: "00" } })), {
    sequence: 1,
    duplicate: false,
  });
  assert.deepEqual(await streams.publishEvent(message("a")), { sequence: 1, duplicate: true });
  assert.deepEqual((await streams.event(1))?.headers["traceparent"], "00");
  await assert.rejects(streams.publishEvent(message("b", { subject: "sense.rejected" })), busErrorOf("refused"));
  await assert.rejects(streams.publishEvent(message("b", { subject: "nobody.listens" })), busErrorOf("no-stream"));
  const payload = Buffer.alloc(2 * 1024 * 1024);
  await assert.rejects(streams.publishEvent(message("c", { payload })), busErrorOf("too-large"));
  assert.deepEqual(await textsIn(stream), []);
});

test("says in one line that there is no stream, no NATS, or no way in", async (t) => {
  const server = await startNats(t, { config: 'authorization { token: "right" }' });
  const rejection = async (options: Partial<BusOptions>) => {
    const error = await openParkedStreams({ ...defaults, servers: [server.url], ...options }).catch((e: unknown) => e);
    assert(error instanceof Error);
    return error.message;
  };
  assert.equal(
    await rejection({ token: "right" }),
    "there is no stream SENSE_DEAD_LETTERS and no stream SENSE_REJECTED",
  );
  assert.match(await rejection({ token: "wrong" }), /^no connection to NATS at 127.+: the server refused the login/);
  const nobody = `nats://127.0.0.1:${await freeTcpPort()}`;
  assert.match(
    await rejection({ servers: [nobody] }),
    /^no connection to NATS at 127.+: nobody listens at that address/,
  );
});

test("needs no more permissions than these to look, to replay and to remove", async (t) => {
  const api = ["INFO", "MSG.GET", "MSG.DELETE"].flatMap((verb) => [
    `${verb}.SENSE_REJECTED`,
    `${verb}.SENSE_DEAD_LETTERS`,
  ]);
  api.push("MSG.GET.SENSE_EVENTS");
  const publish = JSON.stringify([...api.map((name) => `$JS.API.STREAM.${name}`), "sense.task.failed"]);
  const person = `{ user: person, password: pw, permissions: { publish: ${publish}, subscribe: ["_INBOX.>"] } }`;
  const config = `authorization { users: [{ user: admin, password: pw }, ${person}] }`;
  const server = await startNats(t, { config });
  const { bus } = startTestBus(t, server.url, { user: "admin", password: "pw" });
  await whenUp(bus);
  await bus.publish(message("a", { subject: "sense.rejected" }));
  const streams = await open(t, server.url, { user: "person", password: "pw" });
  const stream = streams.rejected;
  assert.deepEqual(await textsIn(stream), ["a"]);
  await streams.publishEvent(message("b"));
  assert.equal((await streams.event(1))?.subject, "sense.task.failed");
  await stream.remove(1);
  assert.deepEqual(await textsIn(stream), []);
  await assert.rejects(
    streams.publishEvent(message("c", { subject: "sense.task.aborted" })),
    /permissions do not allow/,
  );
});

test("has no messages in a stream that nobody has created yet", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url, { uses: ["publish-events", "publish-rejected"] });
  await whenUp(bus);
  await bus.publish(message("a", { subject: "sense.rejected" }));
  const { deadLetters, rejected } = await open(t, server.url);
  assert.deepEqual([deadLetters.exists, rejected.exists], [false, true]);
  assert.deepEqual([await textsIn(deadLetters), await deadLetters.message(1)], [[], undefined]);
  assert.deepEqual(await textsIn(rejected), ["a"]);
});
