import type { TestContext } from "node:test";
import type { BrokerBehaviour, Environment } from "@sense-alerts/test-kit";
import { type ScriptedAlerter, type SentAlert, startAlerterTo, startAlertSource } from "./alert-source.js";

/** One way in which a broker refuses something. */
export interface Way {
  readonly name: string;
  readonly behaviour: BrokerBehaviour;
  readonly env?: Environment;
}

export interface WayOptions {
  readonly alerts?: number;
  readonly perSecond?: number;
  /** Settings of every alerter. */
  readonly env?: Environment;
}

/**
 * For each way an alerter and a broker of its own; all of them get the same alerts, and each is checked in a subtest.
 */
export async function inEachWay(
  t: TestContext,
  ways: readonly Way[],
  { alerts: count = 60, perSecond = 3, env = {} }: WayOptions,
  check: (alerter: ScriptedAlerter, alerts: readonly SentAlert[]) => Promise<void>,
): Promise<void> {
  const source = await startAlertSource(t);
  const started = await startInTurns(ways, async (way) => ({
    name: way.name,
    alerter: await startAlerterTo(t, source, way.behaviour, { ...env, ...way.env }),
  }));
  const alerts = await source.send(count, perSecond);
  await Promise.all(started.map(({ name, alerter }) => t.test(name, () => check(alerter, alerts))));
}

export const mqtt311: Environment = { MQTT_PROTOCOL_VERSION: "4" };

const startsAtOnce = 3;

/** Starts one for each item, a few at a time: many processes at once would take longer than their start may take. */
export async function startInTurns<T, S>(items: readonly T[], start: (item: T) => Promise<S>): Promise<S[]> {
  const started: S[] = [];
  for (let at = 0; at < items.length; at += startsAtOnce) {
    started.push(...(await Promise.all(items.slice(at, at + startsAtOnce).map(start))));
  }
  return started;
}
