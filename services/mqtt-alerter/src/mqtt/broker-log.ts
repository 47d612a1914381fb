import { createThrottle } from "@sense-alerts/link-kit";
import { type Logger, withoutLogin } from "@sense-alerts/service-kit";
import type { Accepted } from "./connection.js";
import type { MqttOptions } from "./mqtt-options.js";
import type { Refusal, TopicKind } from "./topic-states.js";

export type BrokerLog = {
  connected(url: string, accepted: Accepted): void;
  trouble(reason: string, error: unknown, wasOnline: boolean): void;
  statusRefused(detail: string): void;
  refused(topic: LoggedTopic, refusal: Refusal): void;
  recovered(topic: LoggedTopic): void;
};

type LoggedTopic = { readonly name: string; readonly kind: TopicKind };

const repeatEveryMs = 30_000;

/**
 * What is logged about the broker: each reason for waiting once and every 30 s, each refused topic once until it
 * recovers.
 */
export function createBrokerLog(mqtt: MqttOptions, logger: Logger): BrokerLog {
  const { clientId, statusTopic, qos } = mqtt;
  const urls = mqtt.brokers.map((broker) => withoutLogin(broker.url));
  const reasons = createThrottle(repeatEveryMs, 100);
  let isStatusRefused = false;
  warnOfWeakSettings(mqtt, logger);

  return {
    connected: (url, { protocolVersion, maximumQos, retainAvailable }) => {
      reasons.forget();
      logger.info(
        { url, clientId, statusTopic, mqtt: protocolVersion === 5 ? "5" : "3.1.1" },
        "connected to the broker",
      );
      if (qos > maximumQos || (mqtt.retain && !retainAvailable)) {
        const facts = { url, qos: Math.min(qos, maximumQos), retainAvailable };
        logger.warn(facts, "the broker allows less than the settings ask for");
      }
    },
    trouble: (reason, error, wasOnline) => {
      if (!reasons.passes(reason)) return;
      logger.warn({ url: urls.join(","), reason, err: error }, wasOnline ? "broker trouble" : "waiting for the broker");
    },
    statusRefused: (detail) => {
      if (isStatusRefused) return;
      isStatusRefused = true;
      const toDo = "allow this user to publish on MQTT_STATUS_TOPIC, or set it to nothing";
      logger.warn(
        { topic: statusTopic, reason: detail, toDo },
        "the broker refuses the status; alerts are published without it",
      );
    },
    refused: ({ name, kind }, { reason, detail }) => {
      const toDo = "allow this user to publish on the topic; messages that became dead letters can be replayed";
      logger.error({ topic: name, kind, refusal: reason, reason: detail, toDo }, "the broker refuses a topic");
    },
    recovered: ({ name, kind }) => {
      if (name === statusTopic) isStatusRefused = false;
      logger.info({ topic: name, kind }, "the broker accepts the topic again");
    },
  };
}

function warnOfWeakSettings({ tlsInsecure, qos, protocolVersion }: MqttOptions, logger: Logger): void {
  if (tlsInsecure) logger.warn({ setting: "MQTT_TLS_INSECURE" }, "the broker's certificate is not checked");
  if (qos === 0) {
    logger.warn({ setting: "MQTT_QOS" }, "alerts may be lost: at QoS 0 the broker acknowledges nothing");
  }
  if (protocolVersion === 4) {
    const text = "a message that the broker's access rules refuse looks delivered: MQTT 3.1.1 has no answer for it";
    logger.warn({ setting: "MQTT_PROTOCOL_VERSION" }, text);
  }
}
