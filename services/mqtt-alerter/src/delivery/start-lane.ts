import type { Backlog, Bus } from "@sense-alerts/bus";
import { createThrottle } from "@sense-alerts/link-kit";
import type { ServiceContext } from "@sense-alerts/service-kit";
import type { AlerterMetrics } from "../metrics.js";
import type { AlertPublisher } from "../mqtt/alert-publisher.js";
import type { MqttAlerterSettings } from "../settings.js";
import type { AlerterStatus } from "../status/start-status.js";
import { createDeliver, type Lane, type Planner } from "./deliver.js";
import type { Decode } from "./shared-decoder.js";

type Context = Pick<ServiceContext<MqttAlerterSettings>, "settings" | "logger" | "health" | "onStop">;

type Parts = {
  readonly bus: Bus;
  readonly broker: AlertPublisher;
  readonly metrics: AlerterMetrics;
  readonly status: AlerterStatus;
  readonly decode: Decode;
};

type LaneOptions = { readonly lane: Lane; readonly plan: Planner; readonly maxInflight: number };

/** What is known about a lane while it runs. */
export type LaneState = {
  readonly durable: string;
  /** Deliveries in flight: taken and not acknowledged. */
  inFlight(): number;
  /** Events in the stream that this lane has not taken, as of the last that it took. */
  pending(): number;
  /** The same over all replicas, as NATS says now. */
  backlog(): Promise<Backlog | undefined>;
};

const loggedEveryMs = 30_000;

/** Reads one durable consumer, which all replicas share, and turns each delivery into at most one message. */
export function startLane(
  { settings, logger, health, onStop }: Context,
  { bus, broker, metrics, status, decode }: Parts,
  { lane, plan, maxInflight }: LaneOptions,
): LaneState {
  const durable = `${settings.NATS_CONSUMER}-${lane}`;
  const isDebugging = logger.isLevelEnabled("debug");
  const refusals = createThrottle(loggedEveryMs, 1);
  /** Messages of this lane without a result. */
  let publishing = 0;
  const publish: AlertPublisher["publish"] = async (message, signal) => {
    publishing++;
    try {
      return await broker.publish(message, signal);
    } finally {
      publishing--;
    }
  };
  const deliver = createDeliver({
    lane,
    consumer: durable,
    decode,
    plan,
    publish,
    onPublished: (message, event) => {
      metrics.published(message, event);
      status.published(message, event);
      if (!isDebugging) return;
      const { id: eventId, traceparent } = event;
      logger.debug({ topic: message.topic, eventId, traceparent }, "message published");
    },
    onRefused: ({ topic, kind }, { reason, retryInMs }) => {
      metrics.refused(reason);
      const suppressed = refusals.take(lane);
      if (suppressed === undefined) return;
      const facts = { topic, kind, reason, retryInMs, suppressed };
      logger.warn(facts, retryInMs === undefined ? "message not accepted" : "message not accepted yet");
    },
    onOutcome: ({ kind }) => metrics.finished(lane, kind),
  });
  const consumer = bus.consume({
    durable,
    maxInFlight: maxInflight,
    maxAgeMs: settings.ALERT_MAX_AGE_MINUTES * 60_000,
    // Before the lanes there was one consumer of this name.
    startAfter: settings.NATS_CONSUMER,
    onStalled: () => metrics.stalled(lane),
    onPassedOver: (events) => {
      metrics.passedOver(lane, events);
      const text = "the consumer was created: events older than ALERT_MAX_AGE_MINUTES are skipped";
      logger.warn({ consumer: durable, events }, text);
    },
    wanted: () => broker.capacity() - publishing,
    onDeadLetter: (reason) => {
      metrics.deadLetter(reason);
      status.deadLetter(reason);
    },
    handle: (delivery, signal) => {
      metrics.taken(lane, delivery.deliveries);
      return deliver(delivery, signal);
    },
  });
  broker.onOnline(consumer.wake);
  onStop(`consumer-${lane}`, consumer.close);
  health.link(`consumer-${lane}`, { required: true, state: consumer.state });
  return { durable, inFlight: consumer.inFlight, pending: consumer.pending, backlog: () => bus.backlog(durable) };
}
