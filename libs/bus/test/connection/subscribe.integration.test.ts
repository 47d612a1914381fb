import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanUpAfter, eventually, startNats } from "@sense-alerts/test-kit";
import { startConnection } from "../../src/connection/connection.js";
import { connectBeside, defaults, type LogLine, recordingLogger, startTestBus, whenUp } from "../fixtures/bus.js";

test("logs an exception of a subscriber as an error, and goes on reading", async (t) => {
  const server = await startNats(t);
  const lines: LogLine[] = [];
  const connection = startConnection({ ...defaults, servers: [server.url] }, recordingLogger(lines));
  cleanUpAfter(t, connection.close);
  const [texts, others]: [string[], string[]] = [[], []];
  connection.onOpen((opened) => {
    connection.subscribe(opened, "texts", (message) => {
      texts.push(message.string());
      if (texts.length === 1) throw new Error("a fault");
    });
    connection.subscribe(opened, "others", (message) => others.push(message.string()));
  });
  await whenUp(connection);
  const { nats } = await connectBeside(t, server.url);
  for (const text of ["a", "b"]) nats.publish("texts", text);
  nats.publish("others", "c");
  await eventually(() => assert.deepEqual([texts, others], [["a", "b"], ["c"]]));
  const errors = lines.filter(({ level }) => level === "error");
  assert.deepEqual(
    errors.map(({ message, facts }) => [message, facts["subject"], String(facts["err"])]),
    [["handling a message from nats failed", "texts", "Error: a fault"]],
  );
  assert.equal(connection.state().up, true);
});

test("stores a message although the caller of send throws at the answer to another", async (t) => {
  const server = await startNats(t);
  const { bus, lines } = startTestBus(t, server.url);
  await whenUp(bus);
  const payload = Buffer.from("x");
  bus.send({ subject: "sense.task.failed", id: "a", payload }, () => {
    throw new Error("a fault");
  });
  assert.equal((await bus.publish({ subject: "sense.task.failed", id: "b", payload })).sequence, 2);
  assert.ok(lines.some(({ level, facts }) => level === "error" && String(facts["err"]) === "Error: a fault"));
});
