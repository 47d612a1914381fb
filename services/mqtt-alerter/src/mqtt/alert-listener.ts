import { withDeadline } from "@sense-alerts/service-kit";
import { connect, type IPublishPacket, type MqttClient } from "mqtt";
import { explainBrokerError } from "./broker-error.js";
import { clientOptions } from "./client-options.js";
import { defaultTiming, type MqttOptions } from "./mqtt-options.js";

export type HeardMessage = {
  readonly topic: string;
  readonly payload: string;
  /** The user property; MQTT 3.1.1 has none. */
  readonly eventId: string | undefined;
};

export type AlertListener = {
  /** Why nothing can be heard; undefined while all is well. */
  trouble(): string | undefined;
  close(): Promise<void>;
};

/**
 * Subscribes to `filter` as any client of the broker may, for `npm run send-test-alert`, which wants to see what arrives. Speaks MQTT
 * 3.1.1 to a broker that knows no other. Resolves when it is subscribed or has failed to be, and does not reject; once the
 * connection is lost it stays so.
 */
export async function listenToAlerts(
  options: MqttOptions,
  filter: string,
  onMessage: (message: HeardMessage) => void,
): Promise<AlertListener> {
  const first = await open(options, filter, onMessage);
  if (options.protocolVersion === 4 || !first.wantsOldProtocol()) return first;
  await first.close();
  return open({ ...options, protocolVersion: 4 }, filter, onMessage);
}

type Attempt = AlertListener & { wantsOldProtocol(): boolean };

async function open(
  options: MqttOptions,
  filter: string,
  onMessage: (message: HeardMessage) => void,
): Promise<Attempt> {
  const { connackMs, goodbyeMs } = { ...defaultTiming, ...options.timing };
  let trouble: string | undefined;
  let wantsOldProtocol = false;
  let wasConnected = false;
  const client = connect(options.url, { ...clientOptions(options), reconnectPeriod: 0, connectTimeout: connackMs });
  const subscribed = new Promise<void>((resolve) => {
    const fail = (why: string) => {
      trouble ??= why;
      resolve();
    };
    client.on("error", (error) => {
      wantsOldProtocol ||= "code" in error && (error.code === 1 || error.code === 0x84);
      fail(explainBrokerError(error, options.protocolVersion));
    });
    client.on("close", () => {
      // A broker of MQTT 3.1.1 alone may hang up without a word.
      wantsOldProtocol ||= !wasConnected && trouble === undefined;
      fail(wasConnected ? "the connection to the broker broke" : "the broker hung up without an answer");
    });
    client.on("connect", () => {
      wasConnected = true;
      subscribe(client, filter, connackMs).then(resolve, (error: Error) => fail(error.message));
    });
  });
  client.on("message", (topic, payload, packet) => {
    // What is retained is from before.
    if (!packet.retain) onMessage({ topic, payload: payload.toString("utf8"), eventId: eventIdOf(packet) });
  });
  await subscribed;
  return {
    trouble: () => trouble,
    wantsOldProtocol: () => wantsOldProtocol,
    close: async () => {
      if (client.connected) await withDeadline(client.endAsync(), goodbyeMs, "the goodbye").catch(() => undefined);
      await client.endAsync(true);
      client.stream.destroy();
    },
  };
}

async function subscribe(client: MqttClient, filter: string, subackMs: number): Promise<void> {
  const refused = `the broker does not let this user subscribe to ${filter}`;
  const answer = new Promise<void>((resolve, reject) => {
    client.subscribe(filter, { qos: 1, rh: 2 }, (error, grants = []) => {
      const granted = (error ?? null) === null && grants.every(({ qos }) => qos < 0x80);
      if (granted) resolve();
      else reject(new Error(refused, { cause: error }));
    });
  });
  await withDeadline(answer, subackMs, `the subscription of ${filter}`);
}

function eventIdOf({ properties }: IPublishPacket): string | undefined {
  return [properties?.userProperties?.["eventId"] ?? []].flat()[0];
}
