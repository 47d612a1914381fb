import assert from "node:assert/strict";
import { test } from "node:test";
import type { Delivery, Outcome } from "@sense-alerts/bus";
import { encodeEvent } from "@sense-alerts/event-contract";
import type { FinishedSpan } from "@sense-alerts/service-kit";
import type { AlertMessage } from "../../src/alerts/alert-messages.js";
import { createDeliverySpans } from "../../src/delivery/delivery-spans.js";
import { type PublishResult, published } from "../../src/mqtt/publish-result.js";
import { taskEvent } from "../fixtures/events.js";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const { signal } = new AbortController();

function deliveryOf(traceparent: string): { delivery: Delivery; message: AlertMessage } {
  const event = taskEvent({ traceparent });
  const message = {
    kind: "basic",
    topic: "a/b",
    payload: "",
    contentType: "",
    userProperties: { eventId: event.id },
  } as const;
  return {
    delivery: { key: "1", subject: "sense.task.failed", bytes: encodeEvent(event), sequence: 1, deliveries: 2 },
    message,
  };
}

function spansOf() {
  const recorded: FinishedSpan[] = [];
  return { recorded, spans: createDeliverySpans({ record: (span) => recorded.push(span) }, "mqtt-alerter") };
}

const sampled = `00-${traceId}-00f067aa0ba902b7-01`;

test("records each message below the delivery, with what went wrong", async () => {
  const { recorded, spans } = spansOf();
  const { delivery, message } = deliveryOf(sampled);
  const results: PublishResult[] = [
    { kind: "refused", reason: "no-answer", retryInMs: 1 },
    { kind: "aborted" },
    published,
  ];
  const publish = spans.publish(async () => results.shift() ?? published);
  const deliver = async (): Promise<Outcome> => {
    for (const expected of ["refused", "aborted", "published"]) {
      assert.equal((await publish(message, signal)).kind, expected);
    }
    return { kind: "done" };
  };
  assert.deepEqual(await spans.process(deliver)(delivery, signal), { kind: "done" });
  const process = recorded.at(-1);
  assert.deepEqual(
    recorded.map(({ name, error }) => [name, error]),
    [
      ["publish a/b", "no-answer"],
      ["publish a/b", "aborted"],
      ["publish a/b", undefined],
      ["process sense.task.failed", undefined],
    ],
  );
  for (const { parentSpanId } of recorded.slice(0, -1)) assert.equal(parentSpanId, process?.spanId);
  assert.deepEqual([process?.parentSpanId, process?.traceId], ["00f067aa0ba902b7", traceId]);
});

test("says of a dead letter why it is one, and that an event was handed back", async () => {
  const { recorded, spans } = spansOf();
  for (const outcome of [
    { kind: "dead", reason: "packet-too-large" } as const,
    { kind: "later", delayMs: 1 } as const,
  ]) {
    await spans.process(async () => outcome)(deliveryOf(sampled).delivery, signal);
  }
  await assert.rejects(spans.process(() => Promise.reject(new Error("fault")))(deliveryOf(sampled).delivery, signal), {
    message: "fault",
  });
  assert.deepEqual(
    recorded.map(({ attributes, error }) => [attributes["sensealerts.outcome"], error]),
    [
      ["dead", "packet-too-large"],
      ["later", undefined],
      ["dead", "handling-failed"],
    ],
  );
});

test("records nothing of what is not sampled, is no event or has no trace, and delivers it", async () => {
  const { recorded, spans } = spansOf();
  const noEvent = { ...deliveryOf(sampled).delivery, bytes: Buffer.from("no event") };
  const others = [noEvent, deliveryOf(`00-${traceId}-00f067aa0ba902b7-00`).delivery, deliveryOf("none").delivery];
  const publish = spans.publish(async () => published);
  for (const delivery of others) {
    const deliver = async (): Promise<Outcome> => {
      await publish(deliveryOf(sampled).message, signal);
      return { kind: "done" };
    };
    assert.deepEqual(await spans.process(deliver)(delivery, signal), { kind: "done" });
  }
  assert.deepEqual(recorded, []);
});

test("hands back what it was given when there is no tracer", () => {
  const publish = async () => published;
  assert.equal(createDeliverySpans(undefined, "mqtt-alerter-basic").publish(publish), publish);
});
