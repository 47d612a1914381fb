import type { Extent } from "./extent.js";
import { fillStream } from "./fill-stream.js";
import type { Ours, OursOptions } from "./pipelines.js";
import { cpuSeconds } from "./processes.js";
import { type Row, thousands } from "./row.js";
import { send } from "./sender.js";

const mostGrowth = 1.2;

interface Cost {
  readonly what: string;
  readonly perSecond: number;
  readonly ingest: number;
  readonly alerters: number;
  readonly nats: number;
  /** Microseconds of processor time for an event in all three. */
  readonly total: number;
}

/** What an event costs as the load, the number of alerters and the stream grow. */
export async function measureGrowth(extent: Extent): Promise<Row[]> {
  const { isQuick } = extent;
  const seconds = isQuick ? 2 : 10;
  const rates = isQuick ? [1_000, 5_000] : [100, 1_000, 5_000];
  const byRate = await extent.withOurs(async (ours) => {
    const costs: Cost[] = [];
    for (const perSecond of rates)
      costs.push(await cost(ours, `${thousands(perSecond)}/s`, perSecond, seconds, extent));
    return costs;
  });
  if (isQuick) return [growthRow("cost per event by rate", byRate)];
  const byAlerters: Cost[] = [];
  for (const alerters of [1, 2, 4]) {
    byAlerters.push(await costOf({ alerters }, `${alerters} alerter${alerters === 1 ? "" : "s"}`, seconds, extent));
  }
  const bySize: Cost[] = [];
  for (const size of [1_000, 1_000_000]) {
    const options: OursOptions = {
      ingestEnv: { NATS_STREAM_MAX_BYTES: String(4 * 1024 ** 3) },
      beforeAlerters: (nats) => fillStream(nats.port, size),
    };
    bySize.push(await costOf(options, `${thousands(size)} events in the stream`, seconds, extent));
  }
  return [
    growthRow("cost per event by rate", byRate),
    growthRow("cost per event by alerters, 1,000/s", byAlerters),
    growthRow("cost per event by stream, 1,000/s", bySize),
  ];
}

function costOf(options: OursOptions, what: string, seconds: number, extent: Extent): Promise<Cost> {
  return extent.withOurs((ours) => cost(ours, what, 1_000, seconds, extent), options);
}

async function cost(ours: Ours, what: string, perSecond: number, seconds: number, extent: Extent): Promise<Cost> {
  const events = perSecond * seconds;
  const used = () => ({
    ingest: cpuSeconds(ours.ingest.pid),
    alerters: ours.alerters.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
    nats: cpuSeconds(ours.nats.pid),
  });
  const before = used();
  await send(ours.udpPort, events, perSecond);
  await ours.receiver.quiet(500);
  const after = used();
  const microseconds = (name: keyof typeof before) => ((after[name] - before[name]) / events) * 1e6;
  const [ingest, alerters, nats] = [microseconds("ingest"), microseconds("alerters"), microseconds("nats")];
  const total = ingest + alerters + nats;
  const parts = { ingest, alerters, nats, total };
  const text = Object.entries(parts).map(([name, value]) => `${name} ${value.toFixed(0)}`);
  extent.say(`growth: ${what}: ${text.join(", ")} microseconds per event`);
  return { what, perSecond, ...parts };
}

/**
 * Growth is what is to be feared: an event that costs less under a larger load, because more is done at once, is no
 * fault.
 */
function growthRow(work: string, costs: readonly Cost[]): Row {
  const totals = costs.map(({ total }) => total);
  const worst = Math.max(...totals.slice(1).map((total, index) => total / Math.min(...totals.slice(0, index + 1))));
  return {
    row: "growth",
    work,
    measured: `${costs.map(({ what, total }) => `${what}: ${total.toFixed(0)} us`).join(", ")}; grows to ${worst.toFixed(2)} of the least before`,
    goal: `<= ${mostGrowth}`,
    reached: worst <= mostGrowth,
    figures: { costs },
  };
}
