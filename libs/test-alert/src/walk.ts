import { setTimeout as delay } from "node:timers/promises";
import { alerterStation } from "./alerter-station.js";
import type { Request } from "./arguments.js";
import { bad, type Finding, good, unknown } from "./finding.js";
import { ingestStations } from "./ingest-stations.js";
import { type Observe, observe } from "./observe.js";
import { send } from "./send.js";
import type { Station } from "./station.js";
import { createTestAlert, makesAlert, type TestAlert } from "./test-alert.js";

/** Someone who waits for the alert at the broker. */
export type AlertWatch = {
  /** When the alert came, on the clock of `performance.now()`, and on which topic. */
  arrival(): { readonly atMs: number; readonly topic: string } | undefined;
  /** Why it could not come: no connection, no subscription. */
  trouble(): { readonly what: string; readonly toDo: string } | undefined;
  close(): Promise<void>;
};

export type WalkParts = {
  readonly print: (line: string) => void;
  /** Resolves once it listens, or has given up trying to. */
  readonly watch: ((alert: TestAlert) => Promise<AlertWatch>) | undefined;
};

const lookEveryMs = 50;
/** How long after the alert the counters may still lack it: each service counts when it is done. */
const countedWithinMs = 1_000;

/**
 * Sends a test alert and follows it, a line for each station, to its end or to where it stuck; resolves to whether it
 * stuck nowhere.
 */
export async function walk(request: Request, { print, watch: startWatch }: WalkParts): Promise<boolean> {
  const alert = createTestAlert(request, new Date());
  print(`${alert.kind}: ${alert.taskName}, execution ${alert.executionId}`);
  const [ingest, alerter, watch] = await Promise.all([
    observe(request.ingest),
    observe(request.alerter),
    makesAlert(alert) ? startWatch?.(alert) : undefined,
  ]);
  try {
    const { finding, atMs } = await send(request.host, request.port, alert.datagram);
    const follow: Follow = { sentMs: atMs, deadlineMs: atMs + request.timeoutMs, watch };
    const steps: readonly Step[] = [
      ["sent", () => finding],
      ...stepsAt("ingest", ingestStations(alert), ingest, follow),
      ...stepsAt("alerter", [alerterStation(alert)], alerter, follow),
      ["alert", () => arrivalOf(alert, request, follow)],
    ];
    for (const [name, look] of steps) {
      const { mark, what, ...more } = await look();
      print(`${mark.padEnd(4)} ${name.padEnd(9)} ${what}`);
      if ("toDo" in more) print(`${" ".repeat(14)} → ${more.toDo}`);
      if (mark === "FAIL") return false;
    }
    return true;
  } finally {
    await watch?.close();
  }
}

type Step = readonly [name: string, look: () => Finding | Promise<Finding>];
type Follow = { readonly sentMs: number; readonly deadlineMs: number; readonly watch: AlertWatch | undefined };
type Service = "ingest" | "alerter";

/** One step for all stations of a service that cannot be looked at. */
function stepsAt(
  service: Service,
  stations: readonly Station[],
  look: Observe | undefined,
  follow: Follow,
): readonly Step[] {
  if (look !== undefined)
    return stations.map((station) => [station.name, () => findingAt(station, service, look, follow)]);
  const name = stations.at(-1)?.name ?? "";
  return [
    [name, () => unknown(`not known: give --${service} http://<machine>:8080, the HTTP address of ${nameOf[service]}`)],
  ];
}

const nameOf = { ingest: "udp-ingest", alerter: "mqtt-alerter" };

async function findingAt(station: Station, service: Service, look: Observe, follow: Follow): Promise<Finding> {
  for (;;) {
    const observation = await look();
    const finding = observation.ok ? station.judge(observation.change) : undefined;
    if (finding?.mark === "ok") return finding;
    const nowMs = performance.now();
    const came = follow.watch?.arrival();
    if (came === undefined) {
      if (!observation.ok)
        return bad(
          observation.why,
          `see whether ${nameOf[service]} runs, and whether --${service} is its HTTP address (HTTP_PORT)`,
        );
      if (finding !== undefined) return finding;
      if (nowMs > follow.deadlineMs) return station.explain(observation.change);
    } else if (nowMs > came.atMs + countedWithinMs) {
      const why = observation.ok ? `another ${nameOf[service]} has had it` : observation.why;
      return unknown(`not seen at --${service}, and yet the alert came: ${why}`);
    }
    await delay(lookEveryMs);
  }
}

async function arrivalOf(alert: TestAlert, request: Request, { sentMs, deadlineMs, watch }: Follow): Promise<Finding> {
  if (!makesAlert(alert)) return unknown(`none comes of the kind ${alert.kind}`);
  if (watch === undefined) return unknown("not waited for: give --broker mqtt://<broker>:1883");
  for (;;) {
    const came = watch.arrival();
    if (came !== undefined) return good(`came after ${Math.ceil(came.atMs - sentMs)} ms on ${came.topic}`);
    const trouble = watch.trouble();
    if (trouble !== undefined) return bad(trouble.what, trouble.toDo);
    if (performance.now() > deadlineMs) {
      return bad(
        `it did not come on ${request.topic} within ${request.timeoutMs / 1_000} seconds`,
        request.alerter.length === 0
          ? "give --ingest and --alerter to see where it stuck"
          : `see whether --broker is the broker of mqtt-alerter (MQTT_URL), whether --topic covers its topics, and whether this user may read them`,
      );
    }
    await delay(lookEveryMs);
  }
}
