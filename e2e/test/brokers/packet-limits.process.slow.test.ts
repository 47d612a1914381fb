import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, type PublishAnswer, refuseLargerThan } from "@sense-alerts/test-kit";
import {
  allOnTime,
  basicTopic,
  fullTopic,
  isCalm,
  startAlerterTo,
  startAlertSource,
} from "../../src/brokers/alert-source.js";
import { startInTurns } from "../../src/brokers/ways.js";

const limit = 4_096;
const soon = { MQTT_REFUSED_AFTER_MINUTES: "1", MQTT_PUBACK_TIMEOUT_SECONDS: "10" };

const ways: readonly { name: string; answer: PublishAnswer; announced: boolean }[] = [
  { name: "announced, DISCONNECT with packet too large (0x95)", answer: { disconnect: 0x95 }, announced: true },
  { name: "announced, closed connection", answer: "close", announced: true },
  { name: "not announced, DISCONNECT with packet too large (0x95)", answer: { disconnect: 0x95 }, announced: false },
  { name: "not announced, closed connection", answer: "close", announced: false },
];

test("a packet above the broker's limit delays no other alert", { concurrency: true }, async (t) => {
  const source = await startAlertSource(t);
  const started = await startInTurns(ways, async ({ answer, announced, ...way }) => ({
    ...way,
    announced,
    alerter: await startAlerterTo(
      t,
      source,
      {
        onPublish: refuseLargerThan(limit, answer),
        ...(announced && { announces: { maximumPacketSize: limit } }),
      },
      soon,
    ),
  }));
  const [others, large] = await Promise.all([
    source.send(60, 3),
    source.send(3, 0.5, { logMessage: "x".repeat(2 * limit) }),
  ]);
  await Promise.all(
    started.map(({ name, alerter, announced }) =>
      t.test(name, async () => {
        const { broker } = alerter;
        await allOnTime(alerter, basicTopic, [...others, ...large]);
        // Only other topics are independent of a message that makes the broker close: these share the topic of the
        // large ones.
        await allOnTime(alerter, fullTopic, others, announced ? 10_000 : 120_000);
        const tooLarge = broker.publishes.filter(({ packetBytes }) => packetBytes > limit);
        if (announced) assert.equal(tooLarge.length, 0, "MQTT 5, 3.2.2.3.6: the client must not send it");
        await eventually(
          async () => {
            const metrics = await alerter.alerter.metrics();
            assert.match(metrics, /^sensealerts_alerter_dead_letters_total\{[^}]*\} [1-9]/m);
          },
          { timeoutMs: 180_000, intervalMs: 500, what: "a dead letter" },
        );
        isCalm(alerter);
      }),
    ),
  );
});
