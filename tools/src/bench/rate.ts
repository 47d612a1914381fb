import type { Extent } from "./extent.js";
import type { Pipeline } from "./pipelines.js";
import { kernelDrops } from "./processes.js";
import { type Row, thousands } from "./row.js";
import { send } from "./sender.js";

const goalShare = 0.7;
/**
 * A rate is sustained when the last message comes after a twentieth of the time at most, half a second after ten: what
 * queues up meanwhile does not count.
 */
const mostLag = 1 / 20;
const lowest = 2_000;
const highest = 32_000;

/** The highest rate that each holds, in the same run; also what the backlog has to be drained at. */
export async function measureRate(extent: Extent): Promise<{ readonly rows: Row[]; readonly oursPerSecond: number }> {
  const [relay, ours] = await extent.withRelay((relay) =>
    extent.withOurs(async (ours) => {
      const searches = [createSearch(relay, extent), createSearch(ours, extent)] as const;
      // In turns, since the speed of a machine that others share changes within minutes.
      while (!searches.every(({ isOver }) => isOver())) for (const { step } of searches) await step();
      return [searches[0].result(), searches[1].result()] as const;
    }),
  );
  const ratio = ours.perSecond / relay.perSecond;
  const atLeast = (perSecond: number) => `${perSecond > highest / 1.04 ? "at least " : ""}${thousands(perSecond)}/s`;
  const row: Row = {
    row: "rate",
    work: `basic + full, QoS 1, sustained for ${secondsOf(extent)} s`,
    measured: `${atLeast(ours.perSecond)}, relay ${atLeast(relay.perSecond)}: ${ratio.toFixed(2)}`,
    goal: `>= ${goalShare} of the relay`,
    reached: relay.perSecond > 0 && ratio >= goalShare,
    figures: { ours, relay, ratio },
  };
  return { rows: [row], oursPerSecond: ours.perSecond };
}

function secondsOf({ isQuick }: Extent): number {
  return isQuick ? 1 : 10;
}

/**
 * Halves the interval between what is sustained and what is not, each rate tried once, until they are 3 % apart (35 %
 * in a quick look).
 */
function createSearch(pipeline: Pipeline, extent: Extent) {
  const closeEnough = extent.isQuick ? 1.35 : 1.03;
  const tries: object[] = [];
  let sustained = 0;
  let perSecond = 8_000;
  let low = lowest;
  let high = highest;
  const isOver = () => high / low <= closeEnough;
  return {
    isOver,
    result: () => ({ perSecond: sustained, tries }),
    step: async () => {
      if (isOver()) return;
      const trial = await tryRate(pipeline, Math.round(perSecond), extent);
      extent.say(
        `rate: ${pipeline.name} ${thousands(perSecond)}/s: ${trial.lost} lost, last message after ${trial.lagSeconds.toFixed(2)} s`,
      );
      tries.push(trial);
      if (trial.sustained) {
        sustained = perSecond;
        low = perSecond;
      } else high = perSecond;
      perSecond = Math.sqrt(low * high);
    },
  };
}

async function tryRate({ udpPort, receiver }: Pipeline, perSecond: number, extent: Extent) {
  const before = kernelDrops(udpPort);
  const sent = await send(udpPort, perSecond * secondsOf(extent), perSecond);
  await receiver.quiet(extent.isQuick ? 400 : 1_500);
  const came = await receiver.of(sent);
  const lost = sent.sent - Math.min(came.basic, came.full);
  const lagSeconds = came.lastAt - sent.lastAt;
  // A sender that does not keep up would measure itself.
  const keptUp = sent.sent / sent.seconds >= 0.99 * perSecond;
  const sustained = lost === 0 && lagSeconds <= mostLag * secondsOf(extent) && keptUp;
  const kernel = kernelDrops(udpPort) - before;
  return {
    perSecond,
    sustained,
    lost,
    kernel,
    lagSeconds,
    sentPerSecond: sent.sent / sent.seconds,
    repeats: came.repeats,
  };
}
