import type { Extent } from "./extent.js";
import type { Pipeline } from "./pipelines.js";
import { percentile, type Row } from "./row.js";
import { send } from "./sender.js";

const perSecond = 1_000;
const goals = { p50: 1.5, p99: 2 };

export async function measureLatency(extent: Extent): Promise<Row[]> {
  const seconds = extent.isQuick ? 3 : 20;
  extent.say("latency");
  const relay = await extent.withRelay((pipeline) => latency(pipeline, seconds));
  const ours = await extent.withOurs((pipeline) => latency(pipeline, seconds));
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

async function latency(pipeline: Pipeline, seconds: number) {
  const { udpPort, receiver } = pipeline;
  const sent = await send(udpPort, perSecond * seconds, perSecond);
  await receiver.quiet(500);
  const { basic, latenciesMs } = await receiver.of(sent);
  const at = (share: number) => percentile(latenciesMs, share);
  return { lost: sent.sent - basic, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) };
}
