import type { Scope } from "@sense-alerts/test-kit";
import type { BrokerSource, StartedBroker } from "./broker-source.js";
import { topicsOf } from "./stage.js";

export const receiveMax = 10;

export interface Instances {
  /** Open to `alerter` for every topic. */
  readonly main: StartedBroker & { readonly mqttUrl: string };
  /** One with a TLS listener: usually the same. */
  readonly tls: (StartedBroker & { readonly mqttsUrl: string }) | undefined;
  /**
   * One where `alerter` may not publish to the full topic of `refused-topic` and the status topic of `refused-status`.
   */
  readonly restricted: (StartedBroker & { readonly mqttUrl: string }) | undefined;
}

export async function startInstances(scope: Scope, source: BrokerSource): Promise<Instances> {
  const { can } = source;
  const auth = can.has("auth");
  const window = can.has("receive-max") ? { receiveMax } : {};
  const first = await source.start(scope, { instance: "main", auth, tls: can.has("tls"), ...window });
  const main = hasMqtt(first)
    ? first
    : needed(await source.start(scope, { instance: "without-tls", auth, tls: false, ...window }));
  const [one, other] = [topicsOf("refused-topic"), topicsOf("refused-status")];
  const allow = [one.basic, one.status, one.server, other.basic, other.full, other.server];
  const restricted = can.has("allow")
    ? await source.start(scope, { instance: "restricted", auth, tls: false, allow })
    : undefined;
  return { main, tls: hasMqtts(first) ? first : undefined, restricted: restricted && needed(restricted) };
}

function needed(broker: StartedBroker): StartedBroker & { readonly mqttUrl: string } {
  if (!hasMqtt(broker)) throw new Error("the broker has no listener for MQTT");
  return broker;
}

function hasMqtt(broker: StartedBroker): broker is StartedBroker & { readonly mqttUrl: string } {
  return broker.mqttUrl !== undefined;
}

function hasMqtts(broker: StartedBroker): broker is StartedBroker & { readonly mqttsUrl: string } {
  return broker.mqttsUrl !== undefined;
}
