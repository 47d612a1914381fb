import { type LinkState, type Logger, withoutLogin } from "@sense-alerts/service-kit";
import type { MqttOptions } from "./mqtt-options.js";
import { type MqttEvents, type MqttPublisher, startMqttPublisher } from "./mqtt-publisher.js";

export type Broker = Pick<MqttPublisher, "send" | "publish" | "online" | "hasRoom" | "inFlight" | "close"> & {
  state(): LinkState;
  onOnline(listener: () => void): void;
  /** Called when there may be room for another message: see MqttEvents, and after a connection once those who waited for it had their turn. */
  onRoom(listener: () => void): void;
  /** Resolves when there is a connection, in the order of the calls; rejects when the signal aborts. */
  whenOnline(signal: AbortSignal): Promise<void>;
};

const repeatEveryMs = 30_000;

/**
 * The broker as a link of the service: each reason why it waits is logged once and every 30 s. The other
 * two are the publisher's.
 */
export function startBroker(
  options: MqttOptions,
  logger: Logger,
  { onNoSubscriber, onAnswer }: Pick<MqttEvents, "onNoSubscriber" | "onAnswer">,
): Broker {
  const url = withoutLogin(options.url);
  warnOfWeakSettings(options, logger);
  const onlineListeners: (() => void)[] = [];
  let onRoom = () => {};
  const waiters = new Set<() => void>();
  let detail = "not connected yet";
  /** When each reason was last logged: two may take turns, such as a file that cannot be used and what comes of it. */
  const loggedMs = new Map<string, number>();

  const publisher = startMqttPublisher(options, {
    onChange: (online) => {
      if (!online) return;
      detail = url;
      loggedMs.clear();
      logger.info({ url, clientId: options.clientId, statusTopic: options.statusTopic }, "broker is there");
      const resumed = [...waiters];
      waiters.clear();
      for (const resume of resumed) resume();
      for (const listener of onlineListeners) listener();
      setImmediate(() => onRoom());
    },
    onTrouble: (reason, error) => {
      const nowMs = performance.now();
      detail = reason;
      if (nowMs - (loggedMs.get(reason) ?? Number.NEGATIVE_INFINITY) < repeatEveryMs) return;
      loggedMs.set(reason, nowMs);
      logger.warn(
        { url, reason, err: error },
        publisher.online() ? "trouble with the broker" : "waiting for the broker",
      );
    },
    onNoSubscriber,
    onAnswer,
    onRoom: () => onRoom(),
    onReduced: (facts) => logger.warn({ url, ...facts }, "the broker allows less than the settings ask for"),
  });

  return {
    ...publisher,
    state: () => ({ up: publisher.online(), detail }),
    onOnline: (listener) => onlineListeners.push(listener),
    onRoom: (listener) => {
      onRoom = listener;
    },
    whenOnline: (signal) =>
      new Promise((resolve, reject) => {
        if (publisher.online()) return resolve();
        if (signal.aborted) return reject(signal.reason);
        const resume = () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        };
        const giveUp = () => {
          waiters.delete(resume);
          reject(signal.reason);
        };
        waiters.add(resume);
        signal.addEventListener("abort", giveUp, { once: true });
      }),
  };
}

function warnOfWeakSettings(options: MqttOptions, logger: Logger): void {
  if (options.tlsInsecure) logger.warn({ setting: "MQTT_TLS_INSECURE" }, "the broker's certificate is not checked");
  if (options.qos === 0)
    logger.warn({ setting: "MQTT_QOS" }, "alerts may be lost: at QoS 0 the broker acknowledges nothing");
  if (options.protocolVersion === 4) {
    const facts = { setting: "MQTT_PROTOCOL_VERSION" };
    logger.warn(
      facts,
      "a message that the broker's access rules refuse looks delivered: MQTT 3.1.1 has no word for it",
    );
  }
}
