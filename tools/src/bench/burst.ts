import type { Extent } from "./extent.js";
import type { Pipeline } from "./pipelines.js";
import { kernelDrops } from "./processes.js";
import { type Row, thousands } from "./row.js";
import { send } from "./sender.js";

const datagrams = 20_000;
const stockBufferBytes = 212_992;
/** What a C program sends back to back. */
const nativePerSecond = 200_000;

export async function measureBursts(extent: Extent): Promise<Row[]> {
  const stock = { UDP_RECEIVE_BUFFER_BYTES: String(stockBufferBytes) };
  const native = await measureBurst(
    extent,
    `${thousands(datagrams)} at ${thousands(nativePerSecond)}/s`,
    nativePerSecond,
  );
  if (extent.isQuick) return [native];
  return [
    native,
    await measureBurst(extent, `${thousands(datagrams)} as fast as the sender can`, 0),
    await measureBurst(extent, `${thousands(datagrams)} at 50,000/s, stock 208 KiB buffer`, 50_000, stock),
  ];
}

async function measureBurst(
  extent: Extent,
  work: string,
  perSecond: number,
  ingestEnv?: Readonly<Record<string, string>>,
): Promise<Row> {
  extent.say(`burst: ${work}`);
  const relay = perSecond === 50_000 ? undefined : await extent.withRelay((pipeline) => burst(pipeline, perSecond));
  const ours = await extent.withOurs((pipeline) => burst(pipeline, perSecond), ingestEnv && { ingestEnv });
  const { kernel, lost, sentPerSecond, repeats } = ours;
  const isTooSlow = sentPerSecond < 0.9 * perSecond;
  const besides = relay === undefined ? "" : `; relay lost ${thousands(relay.lost)}`;
  const remarks = `${isTooSlow ? "; the sender was too slow" : ""}${repeats > 0 ? `; ${repeats} repeats` : ""}`;
  return {
    row: "burst",
    work,
    measured: `${thousands(lost)} lost (kernel dropped ${thousands(kernel)}, we lost ${thousands(lost - kernel)}) of a sender at ${thousands(sentPerSecond)}/s${besides}${remarks}`,
    goal: "0 lost",
    reached: lost === 0 && !isTooSlow,
    figures: { ours, relay },
  };
}

async function burst(pipeline: Pipeline, perSecond: number) {
  const { udpPort, receiver } = pipeline;
  const before = kernelDrops(udpPort);
  const sent = await send(udpPort, datagrams, perSecond);
  await receiver.quiet(1_000);
  const came = await receiver.of(sent);
  const kernel = kernelDrops(udpPort) - before;
  const lost = sent.sent - Math.min(came.basic, came.full);
  return { lost, kernel, repeats: came.repeats, sentPerSecond: sent.sent / sent.seconds };
}
