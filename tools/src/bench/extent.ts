import { inScope } from "./in-scope.js";
import { type Ours, type OursOptions, type Pipeline, startOurs, startRelay, warmUp } from "./pipelines.js";

/** How long each kind of work goes on: the whole table, or a look at some of it in about a minute. */
export interface Extent {
  readonly isQuick: boolean;
  /** Whether NATS syncs each event to the disk before it acknowledges it, as the shipped configurations have it. */
  readonly syncAlways: boolean;
  /** Says what is going on, to the person who waits. */
  readonly say: (text: string) => void;
  /** Gives the work a relay that is warmed up: one of its own, but in a quick look the one that all share. */
  withRelay<T>(work: (relay: Pipeline) => Promise<T>): Promise<T>;
  /** The same with ours. With options it is always one of its own. */
  withOurs<T>(work: (ours: Ours) => Promise<T>, options?: OursOptions): Promise<T>;
}

/** Runs `work`; what is shared in it has ended when this resolves. */
export function inExtent<T>(
  { isQuick, syncAlways }: Pick<Extent, "isQuick" | "syncAlways">,
  work: (extent: Extent) => Promise<T>,
): Promise<T> {
  return inScope((shared) => {
    let relay: Promise<Pipeline> | undefined;
    let ours: Promise<Ours> | undefined;
    return work({
      isQuick,
      syncAlways,
      say: (text) => console.log(`  ${text}`),
      withRelay: async (use) => {
        if (!isQuick) return inScope(async (scope) => use(await warmedUp(startRelay(scope))));
        relay ??= warmedUp(startRelay(shared));
        return use(await relay);
      },
      withOurs: async (use, options) => {
        if (!isQuick || options !== undefined)
          return inScope(async (scope) => use(await warmedUp(startOurs(scope, { ...options, syncAlways }))));
        ours ??= warmedUp(startOurs(shared, { syncAlways }));
        return use(await ours);
      },
    });
  });
}

async function warmedUp<P extends Pipeline>(starting: Promise<P>): Promise<P> {
  const pipeline = await starting;
  await warmUp(pipeline);
  return pipeline;
}
