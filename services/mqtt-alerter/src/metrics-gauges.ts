import type { Backlog } from "@sense-alerts/bus";
import type { Metrics } from "@sense-alerts/service-kit";
import type { Lane } from "./delivery/deliver.js";
import type { LaneState } from "./delivery/start-lane.js";
import type { AlertPublisher } from "./mqtt/alert-publisher.js";

const lanes: readonly Lane[] = ["basic", "full"];
const topicKinds = ["basic", "full", "status", "result"] as const;

/** The gauges of the two durable consumers. */
export function observeLanes(metrics: Metrics, states: Readonly<Record<Lane, LaneState>>): void {
  metrics.gauge({
    name: "sensealerts_alerter_events_in_hand",
    help: "Deliveries in flight, by lane: taken from the stream and not acknowledged",
    labelNames: ["lane"],
    collect: (gauge) => {
      for (const lane of lanes) gauge.set({ lane }, states[lane].inFlight());
    },
  });
  metrics.gauge({
    name: "sensealerts_alerter_stream_pending_events",
    help: "Events in the stream that no alerter has taken, by lane, as of the last one this alerter took",
    labelNames: ["lane"],
    collect: (gauge) => {
      for (const lane of lanes) gauge.set({ lane }, states[lane].pending());
    },
  });
  // Two gauges of one scrape, one question for each lane.
  const asked = new Map<Lane, Promise<Backlog | undefined>>();
  const backlogOf = (lane: Lane) => {
    const question = asked.get(lane) ?? states[lane].backlog().finally(() => asked.delete(lane));
    asked.set(lane, question);
    return question;
  };
  for (const [name, help, key] of [
    [
      "sensealerts_alerter_consumer_pending_events",
      "Events in the stream that no alerter has taken, by lane",
      "pending",
    ],
    [
      "sensealerts_alerter_consumer_ack_pending_events",
      "Deliveries in flight over all alerters, by lane",
      "ackPending",
    ],
  ] as const) {
    metrics.gauge({
      name,
      help: `${help}, as NATS says at the scrape; no sample while it does not answer`,
      labelNames: ["lane"],
      collect: async (gauge) => {
        for (const lane of lanes) {
          const value = (await backlogOf(lane))?.[key];
          if (value === undefined) gauge.remove({ lane });
          else gauge.set({ lane }, value);
        }
      },
    });
  }
}

/** The gauges of the connection to the broker. */
export function observeBroker(
  metrics: Metrics,
  broker: Pick<AlertPublisher, "inFlight" | "online" | "protocolVersion" | "refusedTopics">,
): void {
  metrics.gauge({
    name: "sensealerts_alerter_messages_in_flight",
    help: "MQTT messages without their PUBACK",
    collect: (gauge) => gauge.set(broker.inFlight()),
  });
  metrics.gauge({
    name: "sensealerts_alerter_broker_connected",
    help: "1 while there is a connection to the MQTT broker",
    collect: (gauge) => gauge.set(broker.online() ? 1 : 0),
  });
  metrics.gauge({
    name: "sensealerts_alerter_broker_mqtt_version",
    help: "Version of MQTT in use: 5, or 4 for MQTT 3.1.1; 0 while there is no connection",
    collect: (gauge) => gauge.set(broker.protocolVersion() ?? 0),
  });
  metrics.gauge({
    name: "sensealerts_alerter_refused_topics",
    help: "Topics that the broker refuses, by kind of topic",
    labelNames: ["kind"],
    collect: (gauge) => {
      const refused = broker.refusedTopics();
      for (const kind of topicKinds) gauge.set({ kind }, refused.filter((topic) => topic.kind === kind).length);
    },
  });
}
