import assert from "node:assert/strict";
import { test } from "node:test";
import { startNats } from "@sense-alerts/test-kit";
import { BusError } from "../../src/index.js";
import { busErrorOf, connectBeside, message, startTestBus, whenUp } from "../fixtures/bus.js";

test("refuses what is larger than max_payload, headers counted, and keeps the connection", async (t) => {
  const server = await startNats(t, { config: "max_payload: 1024" });
  const { bus, lines } = startTestBus(t, server.url);
  await whenUp(bus);
  const payload = Buffer.alloc(1_000);
  await assert.rejects(bus.publish(message("a", { payload: Buffer.alloc(1_025) })), busErrorOf("too-large"));
  await assert.rejects(bus.publish(message("b", { payload })), busErrorOf("too-large"));
  await bus.publish(message("c", { payload: payload.subarray(100) }));
  assert.deepEqual(
    lines.filter((line) => line.level === "warn"),
    [],
  );
});

test("says how large the payload of a message that is too large may be with its headers", async (t) => {
  const server = await startNats(t, { config: "max_payload: 1024" });
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
  const publish = (bytes: number) => bus.publish(message("a", { payload: Buffer.alloc(bytes), headers }));
  const error: unknown = await publish(2_000).catch((refusal) => refusal);
  assert(error instanceof BusError && error.code === "too-large");
  const { maxPayloadBytes = 0 } = error;
  assert(maxPayloadBytes > 800 && maxPayloadBytes < 1_024, `${maxPayloadBytes} bytes`);
  await assert.rejects(publish(maxPayloadBytes + 1), busErrorOf("too-large"));
  await publish(maxPayloadBytes);
});

test("calls a message too large as well when the stream has a smaller max_msg_size", async (t) => {
  const server = await startNats(t);
  const { manager } = await connectBeside(t, server.url);
  await manager.streams.add({ name: "SENSE_EVENTS", subjects: ["sense.*.*"], max_msg_size: 200 });
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  await assert.rejects(bus.publish(message("a", { payload: Buffer.alloc(300) })), busErrorOf("too-large"));
  await bus.publish(message("b"));
});
