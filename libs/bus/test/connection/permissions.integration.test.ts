import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, startNats } from "@sense-alerts/test-kit";
import { publishAll, startTestBus, whenUp } from "../fixtures/bus.js";
import { consumerAt, done, durable, startTestConsumer } from "../fixtures/consumer.js";

const infoOf = (...streams: string[]) => streams.map((stream) => `$JS.API.STREAM.INFO.${stream}`);
const ingest = [...infoOf("SENSE_EVENTS", "SENSE_REJECTED"), "sense.>"];
const alerter = [
  ...infoOf("SENSE_EVENTS", "SENSE_DEAD_LETTERS"),
  "$JS.API.STREAM.MSG.GET.SENSE_EVENTS",
  `$JS.API.CONSUMER.INFO.SENSE_EVENTS.${durable}`,
  `$JS.API.CONSUMER.MSG.NEXT.SENSE_EVENTS.${durable}`,
  `$JS.ACK.SENSE_EVENTS.${durable}.>`,
  "sense.dead-letter",
];

const user = (name: string, publish: readonly string[]) =>
  `{ user: ${name}, password: pw, permissions: { publish: ${JSON.stringify(publish)}, subscribe: ["_INBOX.${name}.>"] } }`;

test("needs no more permissions than these, once streams and consumer have been made", async (t) => {
  const users = ["{ user: admin, password: pw }", user("ingest", ingest), user("alerter", alerter)];
  const server = await startNats(t, { config: `authorization { users: [${users.join(", ")}] }` });
  const login = (name: string) => ({ user: name, password: "pw", inboxPrefix: `_INBOX.${name}` });
  const admin = startTestBus(t, server.url, login("admin"));
  const making = startTestConsumer(t, admin.bus);
  await whenUp(making.consumption);
  await making.consumption.close(AbortSignal.abort());

  const publishing = startTestBus(t, server.url, {
    ...login("ingest"),
    uses: ["publish-events", "publish-rejected"],
  });
  const consuming = startTestBus(t, server.url, {
    ...login("alerter"),
    uses: ["read-events", "publish-dead-letters"],
  });
  const consumer = startTestConsumer(t, consuming.bus, {
    handle: async ({ sequence, deliveries }) => {
      if (sequence === 2) return { kind: "dead", reason: "not-json" };
      return sequence === 3 && deliveries === 1 ? { kind: "later", delayMs: 0 } : done;
    },
  });
  await whenUp(publishing.bus);
  await whenUp(consumer.consumption);
  for (const text of ["a", "b", "c"]) await publishAll(publishing.bus, [text]);
  await eventually(async () => {
    const { num_pending, num_ack_pending } = await consumerAt(server);
    assert.deepEqual([num_pending, num_ack_pending], [0, 0]);
    assert.deepEqual(consumer.takenTexts(), ["a", "b", "c", "c"]);
  });
  assert.equal((await server.stream("SENSE_DEAD_LETTERS"))?.state.messages, 1);
  assert.equal((await consuming.bus.streamStatus([durable]))?.oldestWaitingMs, 0);
  const warnings = [...publishing.lines, ...consuming.lines].filter((line) => line.level === "warn");
  assert.deepEqual(warnings, []);
});
