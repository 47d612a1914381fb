import type { Backlog, Outcome } from "@sense-alerts/bus";
import { eventTypes, type SenseEvent } from "@sense-alerts/event-contract";
import type { Count, Gauge, Metrics, Observe } from "@sense-alerts/service-kit";
import type { AlertMessage } from "./alerts/alert-messages.js";
import { pubackReason, pubackReasons } from "./mqtt/puback-reasons.js";
import { publishErrorCodes } from "./mqtt/publish-error.js";

export type AlerterMetrics = {
  published(message: AlertMessage, event: SenseEvent): void;
  noSubscriber(message: AlertMessage): void;
  retried(code: string): void;
  /** The broker answered a publish. */
  answered(reasonCode: number, afterMs: number): void;
  /** The stream handed out an event; `deliveries` is 1 at the first time. */
  taken(deliveries: number): void;
  finished(outcome: Outcome["kind"]): void;
  passedOver(events: number): void;
  deadLetter(reason: string): void;
  observe(links: {
    inHand: () => number;
    pending: () => number;
    backlog: () => Promise<Backlog | undefined>;
    inFlight: () => number;
    online: () => boolean;
    onNatsReconnect: (listener: () => void) => void;
    onBrokerOnline: (listener: () => void) => void;
  }): void;
};

/**
 * What this service counts. Always taken = done + dead + later + those being worked on, and at rest the events of the stream
 * are done + dead + too old, over all replicas.
 */
export function createAlerterMetrics(metrics: Metrics): AlerterMetrics {
  const published = metrics.tally({
    name: "sensealerts_alerter_messages_published_total",
    help: "MQTT messages that the broker acknowledged",
    labelNames: ["type", "kind"],
  });
  const unheard = metrics.counter({
    name: "sensealerts_alerter_messages_no_subscriber_total",
    help: "MQTT messages that the broker acknowledged with the word that nobody subscribes to their topic (MQTT 5)",
    labelNames: ["kind"],
  });
  const retried = metrics.counter({
    name: "sensealerts_alerter_publish_failures_total",
    help: "Publishes to the broker that failed and are tried again",
    labelNames: ["code"],
  });
  const pubacks = metrics.tally({
    name: "sensealerts_alerter_pubacks_total",
    help: "Answers of the broker to publishes, by the reason that they give (MQTT 5; without one it is success)",
    labelNames: ["reason"],
  });
  const observePublish = metrics.histogram({
    name: "sensealerts_alerter_publish_seconds",
    help: "How long the broker took to answer a publish",
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  })({});
  const taken = metrics.counter({
    name: "sensealerts_alerter_events_taken_total",
    help: "Events that the stream handed out; one that was handed back is counted again",
  });
  const redelivered = metrics.counter({
    name: "sensealerts_alerter_events_redelivered_total",
    help: "Events that the stream handed out for the second time or more, among those taken",
  });
  const finished = metrics.tally({
    name: "sensealerts_alerter_events_total",
    help: "Events by what became of them: done, dead (a dead letter), later (handed back) or too-old (never taken, since ALERT_MAX_AGE_MINUTES)",
    labelNames: ["outcome"],
  });
  const deadLetters = metrics.counter({
    name: "sensealerts_alerter_dead_letters_total",
    help: "Dead letters stored, by reason",
    labelNames: ["reason"],
  });
  const ageOf = metrics.histogram({
    name: "sensealerts_alerter_alert_age_seconds",
    help: "From the receipt of the datagram to the PUBACK of the message",
    labelNames: ["kind"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3_600],
  });
  const natsReconnects = metrics.counter({
    name: "sensealerts_alerter_nats_reconnects_total",
    help: "Number of times the NATS connection was re-established",
  });
  const brokerReconnects = metrics.counter({
    name: "sensealerts_alerter_broker_reconnects_total",
    help: "How often there was a connection to the MQTT broker again after it had broken",
  });
  // Prometheus sees no rise in a series that is new with its first event, and some have one in weeks.
  for (const code of publishErrorCodes) retried.inc({ code }, 0);
  const ages = new Map<string, Observe>();
  for (const kind of ["basic", "full", "status"]) {
    unheard.inc({ kind }, 0);
    ages.set(kind, ageOf({ kind }));
  }
  /** The messages of one event come one after the other. */
  let received = { time: "", ms: 0 };
  const outcomes = {
    done: finished({ outcome: "done" }),
    dead: finished({ outcome: "dead" }),
    later: finished({ outcome: "later" }),
    tooOld: finished({ outcome: "too-old" }),
  };
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
    noSubscriber: (message) => unheard.inc({ kind: message.kind }),
    retried: (code) => retried.inc({ code }),
    answered: (reasonCode, afterMs) => {
      answers.get(pubackReason(reasonCode))?.();
      observePublish(afterMs / 1000);
    },
    taken: (deliveries) => {
      taken.inc();
      if (deliveries > 1) redelivered.inc();
    },
    finished: (outcome) => outcomes[outcome](),
    passedOver: (events) => outcomes.tooOld(events),
    deadLetter: (reason) => deadLetters.inc({ reason }),
    observe: (links) => {
      metrics.gauge({
        name: "sensealerts_alerter_events_in_hand",
        help: "Events taken from the stream and not acknowledged yet",
        collect: (gauge) => gauge.set(links.inHand()),
      });
      metrics.gauge({
        name: "sensealerts_alerter_stream_pending_events",
        help: "Events in the stream that no alerter has taken, as of the last one this alerter took",
        collect: (gauge) => gauge.set(links.pending()),
      });
      // Two gauges of one scrape, one question.
      let asked: Promise<Backlog | undefined> | undefined;
      const backlog = () => {
        asked ??= links.backlog().finally(() => {
          asked = undefined;
        });
        return asked;
      };
      metrics.gauge({
        name: "sensealerts_alerter_consumer_pending_events",
        help: "Events in the stream that no alerter has taken, as NATS says at the scrape; no sample while it does not",
        collect: async (gauge) => setOrRemove(gauge, (await backlog())?.pending),
      });
      metrics.gauge({
        name: "sensealerts_alerter_consumer_ack_pending_events",
        help: "Events that all alerters together have taken and not acknowledged, as NATS says at the scrape; no sample while it does not",
        collect: async (gauge) => setOrRemove(gauge, (await backlog())?.ackPending),
      });
      links.onNatsReconnect(() => natsReconnects.inc());
      links.onBrokerOnline(afterTheFirst(() => brokerReconnects.inc()));
      metrics.gauge({
        name: "sensealerts_alerter_messages_in_flight",
        help: "MQTT messages without their PUBACK",
        collect: (gauge) => gauge.set(links.inFlight()),
      });
      metrics.gauge({
        name: "sensealerts_alerter_broker_connected",
        help: "1 while there is a connection to the MQTT broker",
        collect: (gauge) => gauge.set(links.online() ? 1 : 0),
      });
    },
  };
}

/** No sample says that nothing is known, where 0 would say that nothing is there. */
export function setOrRemove(gauge: Gauge, value: number | undefined): void {
  if (value === undefined) gauge.remove();
  else gauge.set(value);
}

function afterTheFirst(call: () => void): () => void {
  let isFirst = true;
  return () => {
    if (!isFirst) call();
    isFirst = false;
  };
}
