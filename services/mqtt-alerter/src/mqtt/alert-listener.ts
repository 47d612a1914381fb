import { withDeadline } from "@sense-alerts/link-kit";
import { explainConnectionEnd } from "./broker-error.js";
import type { MqttConnection } from "./connection.js";
import { openConnection } from "./mqtt-client.js";
import { defaultTiming, type MqttOptions, type ProtocolVersion } from "./mqtt-options.js";
import { readTlsFiles } from "./tls-files.js";

export type HeardMessage = {
  readonly topic: string;
  readonly payload: string;
  /** The user property; MQTT 3.1.1 has none. */
  readonly eventId: string | undefined;
};

export type AlertListener = {
  /** Why nothing can be heard; undefined while it is subscribed. */
  trouble(): string | undefined;
  close(): Promise<void>;
};

type OnMessage = (message: HeardMessage) => void;

/**
 * Subscribes to `filter` as any client of the broker may, for `npm run send-test-alert`, which checks what arrives.
 * Uses MQTT 3.1.1 with a broker that does not accept MQTT 5. Resolves when it is subscribed or has failed, and does not
 * reject; it does not reconnect.
 */
export async function listenToAlerts(
  options: MqttOptions,
  filter: string,
  onMessage: OnMessage,
): Promise<AlertListener> {
  const { protocolVersion } = options;
  const first = await open(options, protocolVersion === 4 ? 4 : 5, filter, onMessage);
  if (protocolVersion === 4 || !first.wantsOldProtocol()) return first;
  await first.close();
  return open(options, 4, filter, onMessage);
}

type Attempt = AlertListener & { wantsOldProtocol(): boolean };

async function open(
  options: MqttOptions,
  protocolVersion: ProtocolVersion,
  filter: string,
  onMessage: OnMessage,
): Promise<Attempt> {
  const { connackMs, goodbyeMs } = { ...defaultTiming, ...options.timing };
  const [settled, ended] = [new AbortController(), new AbortController()];
  let trouble: string | undefined;
  let wantsOldProtocol = false;
  const connection: MqttConnection = openConnection(
    {
      ...options.brokers[0],
      protocolVersion,
      clientId: options.clientId,
      keepaliveSeconds: options.keepaliveSeconds,
      tls: readTlsFiles(options),
      tlsInsecure: options.tlsInsecure,
      connackMs,
    },
    {
      onAccepted: () => {
        withDeadline(connection.subscribe(filter, 1), connackMs, `the subscription of ${filter}`)
          .then(
            (isGranted) => {
              if (!isGranted) trouble ??= `the broker does not let this user subscribe to ${filter}`;
            },
            (error: Error) => {
              trouble ??= error.message;
            },
          )
          .finally(() => settled.abort());
      },
      onEnd: (why) => {
        const { accepted, cause, code } = why;
        // A broker that speaks only MQTT 3.1.1 may close the connection, or not answer at all.
        wantsOldProtocol = !accepted && (cause === "connack" ? code === 1 || code === 0x84 : cause !== "error");
        trouble ??= explainConnectionEnd(why, protocolVersion);
        settled.abort();
        ended.abort();
      },
      onMessage: ({ topic, payload, retained, userProperties }, done) => {
        const [, eventId] = userProperties.find(([name]) => name === "eventId") ?? [];
        // What is retained is from before.
        if (!retained) onMessage({ topic, payload: payload.toString("utf8"), eventId });
        done();
      },
    },
  );
  await aborted(settled.signal);
  return {
    trouble: () => trouble,
    wantsOldProtocol: () => wantsOldProtocol,
    close: async () => {
      connection.disconnect();
      await withDeadline(aborted(ended.signal), goodbyeMs, "the goodbye").catch(() => undefined);
      connection.drop({ cause: "dropped" });
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
