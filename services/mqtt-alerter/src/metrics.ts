import type { SenseEvent } from "@sense-alerts/event-contract";
import type { Metrics } from "@sense-alerts/service-kit";
import type { AlertMessage } from "./alert-messages.js";

export type AlerterMetrics = {
  published(message: AlertMessage, event: SenseEvent): void;
  noSubscriber(message: AlertMessage): void;
  retried(code: string): void;
  taken(): void;
  finished(outcome: string): void;
  passedOver(events: number): void;
  deadLetter(reason: string): void;
  observe(links: { inHand: () => number; pending: () => number; inFlight: () => number; online: () => boolean }): void;
};

/**
 * What this service counts. Always taken = done + dead + later + those being worked on, and at rest the events of the stream
 * are done + dead + too old, over all replicas.
 */
export function createAlerterMetrics(metrics: Metrics): AlerterMetrics {
  const published = metrics.counter({
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
  const taken = metrics.counter({
    name: "sensealerts_alerter_events_taken_total",
    help: "Events that the stream handed out; one that was handed back is counted again",
  });
  const finished = metrics.counter({
    name: "sensealerts_alerter_events_total",
    help: "Events by what became of them: done, dead (a dead letter), later (handed back) or too-old (never taken, since ALERT_MAX_AGE_MINUTES)",
    labelNames: ["outcome"],
  });
  const deadLetters = metrics.counter({
    name: "sensealerts_alerter_dead_letters_total",
    help: "Dead letters stored, by reason",
    labelNames: ["reason"],
  });
  const age = metrics.histogram({
    name: "sensealerts_alerter_alert_age_seconds",
    help: "From the receipt of the datagram to the PUBACK of the message",
    labelNames: ["kind"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3_600],
  });
  for (const outcome of ["done", "dead", "later", "too-old"]) finished.inc({ outcome }, 0);
  return {
    published: (message, event) => {
      published.inc({ type: event.type, kind: message.kind });
      age.observe({ kind: message.kind }, Math.max(0, Date.now() - Date.parse(event.time)) / 1000);
    },
    noSubscriber: (message) => unheard.inc({ kind: message.kind }),
    retried: (code) => retried.inc({ code }),
    taken: () => taken.inc(),
    finished: (outcome) => finished.inc({ outcome }),
    passedOver: (events) => finished.inc({ outcome: "too-old" }, events),
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
