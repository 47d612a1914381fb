import type { Outcome } from "@sense-alerts/bus";
import { eventTypes, type SenseEvent } from "@sense-alerts/event-contract";
import type { Count, Metrics, Observe } from "@sense-alerts/service-kit";
import type { AlertMessage } from "./alerts/alert-messages.js";
import type { Lane } from "./delivery/deliver.js";
import type { LaneState } from "./delivery/start-lane.js";
import { observeBroker, observeLanes } from "./metrics-gauges.js";
import type { AlertPublisher } from "./mqtt/alert-publisher.js";
import { pubackReason, pubackReasons } from "./mqtt/puback-reasons.js";
import { type RefusalReason, refusalReasons } from "./mqtt/publish-result.js";

const noMatchingSubscribers = 0x10;

export type AlerterMetrics = {
  published(message: AlertMessage, event: SenseEvent): void;
  /** A message was not accepted. */
  refused(reason: RefusalReason): void;
  /** The broker answered a message, the status of this instance included. */
  answered(message: Pick<AlertMessage, "kind">, reasonCode: number, afterMs: number): void;
  /** The stream delivered an event to a lane; `deliveries` is 1 at the first time. */
  taken(lane: Lane, deliveries: number): void;
  finished(lane: Lane, outcome: Outcome["kind"]): void;
  passedOver(lane: Lane, events: number): void;
  /** The consumer of a lane was restarted because it had stalled. */
  stalled(lane: Lane): void;
  deadLetter(reason: string): void;
  observe(links: {
    readonly lanes: Readonly<Record<Lane, LaneState>>;
    readonly broker: Pick<AlertPublisher, "inFlight" | "online" | "protocolVersion" | "refusedTopics" | "onOnline">;
    readonly onNatsReconnect: (listener: () => void) => void;
  }): void;
};

/**
 * The metrics of this service. In each lane taken = done + dead + later + in flight at any time, and at rest the events
 * of the stream are done + dead + too old, over all replicas.
 */
export function createAlerterMetrics(metrics: Metrics): AlerterMetrics {
  const published = metrics.tally({
    name: "sensealerts_alerter_messages_published_total",
    help: "MQTT messages that the broker acknowledged",
    labelNames: ["type", "kind"],
  });
  const unheard = metrics.counter({
    name: "sensealerts_alerter_messages_no_subscriber_total",
    help: "MQTT messages that the broker acknowledged with reason code 0x10: nobody subscribes to their topic (MQTT 5)",
    labelNames: ["kind"],
  });
  const failures = metrics.counter({
    name: "sensealerts_alerter_publish_failures_total",
    help: "MQTT messages that the broker did not accept, by reason; they are retried or become dead letters",
    labelNames: ["code"],
  });
  const pubacks = metrics.tally({
    name: "sensealerts_alerter_pubacks_total",
    help: "Answers of the broker to MQTT messages, by reason (MQTT 5; without a reason code it is success)",
    labelNames: ["reason"],
  });
  const observePublish = metrics.histogram({
    name: "sensealerts_alerter_publish_seconds",
    help: "Time from sending an MQTT message to its answer",
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  })({});
  const taken = metrics.tally({
    name: "sensealerts_alerter_events_taken_total",
    help: "Deliveries from the stream, by lane; a redelivery is counted again",
    labelNames: ["lane"],
  });
  const redelivered = metrics.tally({
    name: "sensealerts_alerter_events_redelivered_total",
    help: "Redeliveries from the stream, by lane, among the deliveries",
    labelNames: ["lane"],
  });
  const finished = metrics.tally({
    name: "sensealerts_alerter_events_total",
    help: "Deliveries by lane and outcome: done, dead (a dead letter), later (given back for a time) or too-old (never delivered, because of ALERT_MAX_AGE_MINUTES)",
    labelNames: ["lane", "outcome"],
  });
  const stalls = metrics.counter({
    name: "sensealerts_alerter_consumer_stalls_total",
    help: "Times a consumer was restarted because events waited and none was completed for 60 s, by lane",
    labelNames: ["lane"],
  });
  const deadLetters = metrics.counter({
    name: "sensealerts_alerter_dead_letters_total",
    help: "Dead letters stored, by reason",
    labelNames: ["reason"],
  });
  const ageOf = metrics.histogram({
    name: "sensealerts_alerter_alert_age_seconds",
    help: "Time from receiving the datagram to the PUBACK of the message",
    labelNames: ["kind"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3_600],
  });
  const natsReconnects = metrics.counter({
    name: "sensealerts_alerter_nats_reconnects_total",
    help: "Number of times the NATS connection was re-established",
  });
  const brokerReconnects = metrics.counter({
    name: "sensealerts_alerter_broker_reconnects_total",
    help: "Number of times the connection to the MQTT broker was re-established",
  });
  // Prometheus sees no rise in a series that is new with its first event, and some have one in weeks.
  for (const code of refusalReasons) failures.inc({ code }, 0);
  const ages = new Map<string, Observe>();
  for (const kind of ["basic", "full", "status"]) {
    unheard.inc({ kind }, 0);
    ages.set(kind, ageOf({ kind }));
  }
  /** The messages of one event come one after the other. */
  let received = { time: "", ms: 0 };
  const countsOf = (lane: Lane) => ({
    taken: taken({ lane }),
    redelivered: redelivered({ lane }),
    done: finished({ lane, outcome: "done" }),
    dead: finished({ lane, outcome: "dead" }),
    later: finished({ lane, outcome: "later" }),
    tooOld: finished({ lane, outcome: "too-old" }),
  });
  for (const lane of ["basic", "full"]) stalls.inc({ lane }, 0);
  const counts = { basic: countsOf("basic"), full: countsOf("full") };
  const answers = new Map(pubackReasons.map((reason) => [reason, pubacks({ reason })]));
  const publishedOf = new Map<string, Map<string, Count>>();

  function countOf(type: string, kind: string): Count {
    const ofType = publishedOf.get(type) ?? new Map<string, Count>();
    const count = ofType.get(kind) ?? published({ type, kind });
    publishedOf.set(type, ofType.set(kind, count));
    return count;
  }

  countOf("sense.ingest.status", "status");
  for (const type of eventTypes.filter((name) => name.startsWith("sense.task."))) {
    for (const kind of ["basic", "full"]) countOf(type, kind);
  }
  return {
    published: (message, event) => {
      countOf(event.type, message.kind)();
      if (event.time !== received.time) received = { time: event.time, ms: Date.parse(event.time) };
      ages.get(message.kind)?.(Math.max(0, Date.now() - received.ms) / 1000);
    },
    refused: (code) => failures.inc({ code }),
    answered: ({ kind }, reasonCode, afterMs) => {
      answers.get(pubackReason(reasonCode))?.();
      observePublish(afterMs / 1000);
      if (reasonCode === noMatchingSubscribers) unheard.inc({ kind });
    },
    taken: (lane, deliveries) => {
      counts[lane].taken();
      if (deliveries > 1) counts[lane].redelivered();
    },
    finished: (lane, outcome) => counts[lane][outcome](),
    passedOver: (lane, events) => counts[lane].tooOld(events),
    stalled: (lane) => stalls.inc({ lane }),
    deadLetter: (reason) => deadLetters.inc({ reason }),
    observe: ({ lanes: states, broker, onNatsReconnect }) => {
      observeLanes(metrics, states);
      observeBroker(metrics, broker);
      onNatsReconnect(() => natsReconnects.inc());
      broker.onOnline(afterTheFirst(() => brokerReconnects.inc()));
    },
  };
}

function afterTheFirst(call: () => void): () => void {
  let isFirst = true;
  return () => {
    if (!isFirst) call();
    isFirst = false;
  };
}
