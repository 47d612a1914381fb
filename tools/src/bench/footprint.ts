import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import {
  eventually,
  freeTcpPort,
  type Scope,
  type ServiceName,
  startMosquitto,
  startNats,
  startService,
} from "@sense-alerts/test-kit";
import type { Extent } from "./extent.js";
import { inScope } from "./in-scope.js";
import { type Ours, startOurs } from "./pipelines.js";
import { cpuSeconds, peakMegabytes } from "./processes.js";
import { type Row, thousands } from "./row.js";
import { send } from "./sender.js";

const mostMegabytes = 110;
const mostStartSeconds = 0.7;
const mostIdlePercent = 0.5;
const services = ["udp-ingest", "mqtt-alerter"] as const;

/** Peak resident size after a burst and a long steady load. */
export async function measureMemory(extent: Extent): Promise<Row[]> {
  const seconds = extent.isQuick ? 3 : 60;
  extent.say(`memory: a burst and ${seconds} s at 3,000/s`);
  const measure = async (ours: Ours) => {
    await send(ours.udpPort, 20_000, 200_000);
    await send(ours.udpPort, 3_000 * seconds, 3_000);
    await ours.receiver.quiet(500);
    return processesOf(ours).map(({ name, pid }) => memoryRow(name, `burst and ${seconds} s at 3,000/s`, pid));
  };
  // Ours that has done nothing before: the burst finds it cold.
  return extent.isQuick ? extent.withOurs(measure) : inScope(async (scope) => measure(await startOurs(scope)));
}

function memoryRow(name: string, work: string, pid: number): Row {
  const megabytes = peakMegabytes(pid);
  return {
    row: "memory",
    work: `${name}, ${work}`,
    measured: `${megabytes.toFixed(0)} MB`,
    goal: `<= ${mostMegabytes} MB`,
    reached: megabytes <= mostMegabytes,
    figures: { megabytes },
  };
}

function processesOf({ ingest, alerters }: Ours): readonly { readonly name: ServiceName; readonly pid: number }[] {
  return [ingest, ...alerters].map(({ name, pid }) => ({ name, pid }));
}

/** The slowest of some starts, the servers being up. */
export async function measureStart(extent: Extent): Promise<Row[]> {
  const times = extent.isQuick ? 1 : 5;
  return inScope(async (scope) => {
    const [nats, broker] = await Promise.all([startNats(scope), startMosquitto(scope)]);
    const rows: Row[] = [];
    for (const name of services) {
      const seconds: number[] = [];
      for (let time = 0; time < times; time++) {
        seconds.push(await inScope((own) => startSeconds(own, name, { NATS_URL: nats.url, MQTT_URL: broker.url })));
      }
      const slowest = Math.max(...seconds);
      extent.say(`start: ${name} ${seconds.map((value) => value.toFixed(2)).join(" ")} s`);
      rows.push({
        row: "start",
        work: `${name}, process start to /readyz 200, slowest of ${times}`,
        measured: `${slowest.toFixed(2)} s`,
        goal: `<= ${mostStartSeconds} s`,
        reached: slowest <= mostStartSeconds,
        figures: { seconds },
      });
    }
    return rows;
  });
}

async function startSeconds(scope: Scope, name: ServiceName, env: Readonly<Record<string, string>>): Promise<number> {
  const port = await freeTcpPort();
  const startMs = performance.now();
  const service = await startService(scope, name, { ...env, HTTP_PORT: String(port) });
  while (!(await isReady(port))) {
    if (performance.now() - startMs > 20_000) throw new Error(`${name} is not ready: ${service.stderr()}`);
    await delay(5);
  }
  return (performance.now() - startMs) / 1_000;
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200;
  } catch {
    return false; // not listening yet
  }
}

export async function measureIdle(extent: Extent): Promise<Row[]> {
  // It would take too long for a quick look to wait until a service is idle.
  if (extent.isQuick) return [];
  const seconds = 30;
  extent.say(`idle: ${seconds} s`);
  return inScope(async (scope) => {
    const ours = await startOurs(scope);
    // What V8 tidies up after a start is no idleness.
    await delay(20_000);
    const processes = processesOf(ours);
    const before = processes.map(({ pid }) => cpuSeconds(pid));
    await delay(seconds * 1_000);
    return processes.map(({ name, pid }, index) => {
      const percent = ((cpuSeconds(pid) - (before[index] ?? 0)) / seconds) * 100;
      return {
        row: "idle",
        work: `${name}, ${seconds} s with nothing to do`,
        measured: `${percent.toFixed(2)} % of a core`,
        goal: `< ${mostIdlePercent} %`,
        reached: percent < mostIdlePercent,
        figures: { percent },
      };
    });
  });
}

/** The broker stands still while events come, and goes on. */
export async function measureBacklog(extent: Extent, ratePerSecond: number | undefined): Promise<Row[]> {
  const events = extent.isQuick ? 5_000 : 100_000;
  const toStorePerSecond = 5_000;
  return extent.withOurs(async (ours) => {
    ours.broker.suspend();
    extent.say(`backlog: ${thousands(events)} events while the broker hangs`);
    const sent = await send(ours.udpPort, events, toStorePerSecond);
    const stored = async () => assert.equal(await ours.ingest.metric("sensealerts_ingest_buffered_events"), 0);
    await eventually(stored, { timeoutMs: 60_000, intervalMs: 100 });
    ours.broker.resume();
    await ours.receiver.quiet(extent.isQuick ? 1_500 : 5_000);
    const came = await ours.receiver.of(sent);
    const lost = sent.sent - Math.min(came.basic, came.full);
    const perSecond = events / (came.lastAt - came.firstAt);
    const isFast = ratePerSecond === undefined || perSecond >= ratePerSecond;
    const rate: Row = {
      row: "backlog",
      work: `${thousands(events)} events wait in the stream, the broker comes back`,
      measured: `drained at ${thousands(perSecond)}/s, ${lost} lost, ${came.repeats} repeats`,
      goal: ratePerSecond === undefined ? "rate was not measured" : `>= ${thousands(ratePerSecond)}/s, the rate above`,
      reached: lost === 0 && isFast,
      figures: { perSecond, lost, repeats: came.repeats },
    };
    return [rate, ...processesOf(ours).map(({ name, pid }) => memoryRow(name, "backlog", pid))];
  });
}
