import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { eventually, readMetric, type Service, sendDatagrams, taskDatagram } from "@sense-alerts/test-kit";
import { short } from "../src/drill.js";
import { startStack } from "../src/stack.js";

/**
 * What the metrics of udp-ingest say became of the datagrams, read in one scrape. Its own status events are no
 * datagrams.
 */
async function ingestBooks(ingest: Service) {
  const text = await ingest.metrics();
  const events = (result: string) =>
    readMetric(text, "sensealerts_ingest_events_total", { result }) -
    readMetric(text, "sensealerts_ingest_events_total", { result, type: "sense.ingest.status" });
  return {
    received: readMetric(text, "sensealerts_ingest_datagrams_received_total"),
    stored: events("stored"),
    duplicate: events("duplicate"),
    rejected: readMetric(text, "sensealerts_ingest_datagrams_rejected_total"),
    dropped: events("dropped-buffer-full") + events("dropped-too-large"),
    buffered: readMetric(text, "sensealerts_ingest_buffered_events"),
  };
}

async function alerterBooks(alerter: Service) {
  const text = await alerter.metrics();
  const finished = (outcome: string) => readMetric(text, "sensealerts_alerter_events_total", { outcome });
  return {
    taken: readMetric(text, "sensealerts_alerter_events_taken_total"),
    done: finished("done"),
    dead: finished("dead"),
    later: finished("later"),
    tooOld: finished("too-old"),
    inHand: readMetric(text, "sensealerts_alerter_events_in_hand"),
    published: readMetric(text, "sensealerts_alerter_messages_published_total"),
    accepted:
      readMetric(text, "sensealerts_alerter_pubacks_total", { reason: "success" }) +
      readMetric(text, "sensealerts_alerter_pubacks_total", { reason: "no-matching-subscribers" }),
    answered: readMetric(text, "sensealerts_alerter_pubacks_total"),
    measured: readMetric(text, "sensealerts_alerter_publish_seconds_count"),
    connections: 1 + readMetric(text, "sensealerts_alerter_broker_reconnects_total"),
    waiting:
      readMetric(text, "sensealerts_alerter_consumer_pending_events") +
      readMetric(text, "sensealerts_alerter_consumer_ack_pending_events"),
  };
}

function sum(...figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}

/** Failures, each sent twice, and as many texts that are none of ours. */
function mixture(executions: number): string[] {
  return Array.from({ length: executions }, () => taskDatagram({ executionId: randomUUID() })).flatMap(
    (datagram, n) => [datagram, datagram, `nothing of ours ${n}`],
  );
}

test("the metrics of both services account for every datagram and every event, while links are away and after", async (t) => {
  const { nats, broker, ingest, alerter } = await startStack(t, {
    ingestEnv: { BUFFER_MAX_EVENTS: "500" },
    alerterEnv: { MQTT_MAX_INFLIGHT: "32", TASK_FAILURE_TOPIC: "alerts/{taskName}/{taskName}" },
  });
  const port = await ingest.udpPort();
  let sent = 0;
  async function send(datagrams: readonly string[]): Promise<void> {
    await sendDatagrams(port, datagrams, { perSecond: 2_000 });
    sent += datagrams.length;
  }
  async function ingestBalances() {
    return eventually(async () => {
      const books = await ingestBooks(ingest);
      assert.equal(books.received, sent);
      assert.equal(
        sum(books.stored, books.duplicate, books.rejected, books.dropped, books.buffered),
        books.received,
        JSON.stringify(books),
      );
      return books;
    });
  }

  const executions = short(200, 2_000);
  // With the name in it twice the topic is too long: a dead letter.
  const unpublishable = taskDatagram({ taskName: "n".repeat(40_000), executionId: randomUUID() });
  await send([...mixture(executions), unpublishable]);
  const calm = await eventually(async () => {
    const books = await ingestBalances();
    assert.equal(books.buffered, 0);
    return books;
  });
  assert.deepEqual([calm.duplicate, calm.rejected, calm.dropped], [executions, executions, 0]);

  await eventually(async () => assert.equal((await alerterBooks(alerter)).dead, 1));

  await nats.stop();
  await send(mixture(executions * 2));
  const away = await ingestBalances();
  assert.equal(away.buffered, 500);
  assert.ok(away.dropped > 0);
  broker.suspend();
  await nats.start();
  await eventually(async () => assert.equal((await ingestBooks(ingest)).buffered, 0), { timeoutMs: 20_000 });
  const back = await ingestBalances();
  assert.equal(back.dropped, away.dropped);

  // The broker hangs: what each lane has taken is done, given back, or in flight.
  await eventually(async () => {
    const books = await alerterBooks(alerter);
    assert.equal(books.inHand, 2 * 32);
    assert.equal(sum(books.done, books.dead, books.later, books.inHand), books.taken, JSON.stringify(books));
  });

  broker.resume();
  await eventually(
    async () => {
      const books = await alerterBooks(alerter);
      assert.equal(sum(books.done, books.dead, books.later), books.taken, JSON.stringify(books));
      // With each connection the alerter says that it is online.
      assert.equal(books.accepted, books.published + books.connections, JSON.stringify(books));
      assert.deepEqual([books.measured, books.waiting], [books.answered, 0]);
      const stored = (await nats.stream("SENSE_EVENTS"))?.state.messages;
      // Each lane finishes each event.
      assert.equal(sum(books.done, books.dead, books.tooOld), 2 * (stored ?? 0));
      // All that this ingest stored, and the one event of its own: the socket's start.
      assert.equal(stored, back.stored + 1);
    },
    { timeoutMs: 30_000 },
  );
  assert.deepEqual([ingest.badLines, alerter.badLines], [[], []]);
});
