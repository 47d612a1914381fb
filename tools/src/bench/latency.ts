import type { Extent } from "./extent.js";
import type { Pipeline } from "./pipelines.js";
import { percentile, type Row } from "./row.js";
import { send } from "./sender.js";

const perSecond = 1_000;
const mostSlices = 4;
const goals = { p50: 1.5, p99: 2 };

export async function measureLatency(extent: Extent): Promise<Row[]> {
  const seconds = extent.isQuick ? 3 : 20;
  extent.say("latency");
  const [relay, ours] = await extent.withRelay((relay) =>
    extent.withOurs(async (ours) => {
      const both = [createSample(relay), createSample(ours)] as const;
      // In turns, since the speed of a machine that others share changes within minutes.
      const slices = extent.isQuick ? 1 : mostSlices;
      for (let slice = 0; slice < slices; slice++) for (const { measure } of both) await measure(seconds / slices);
      return [both[0].result(), both[1].result()] as const;
    }),
  );
  return (["p50", "p99"] as const).map((name) => {
    const ratio = ours[name] / relay[name];
    return {
      row: "latency",
      work: `1,000/s for ${seconds} s, datagram to basic message, ${name}`,
      measured: `${ours[name].toFixed(2)} ms, relay ${relay[name].toFixed(2)} ms: ${ratio.toFixed(2)}`,
      goal: `<= ${goals[name]} x the relay`,
      reached: ours.lost === 0 && ratio <= goals[name],
      figures: { ours, relay, ratio },
    };
  });
}

function createSample({ udpPort, receiver }: Pipeline) {
  const latenciesMs: number[] = [];
  let lost = 0;
  return {
    measure: async (seconds: number) => {
      const sent = await send(udpPort, perSecond * seconds, perSecond);
      await receiver.quiet(500);
      const came = await receiver.of(sent);
      lost += sent.sent - came.basic;
      latenciesMs.push(...came.latenciesMs);
    },
    result: () => {
      latenciesMs.sort((one, other) => one - other);
      const at = (share: number) => percentile(latenciesMs, share);
      return { lost, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) };
    },
  };
}
