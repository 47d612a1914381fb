import { LRUCache } from "lru-cache";

export type AnswerCacheOptions<T> = {
  readonly ask: (id: string) => Promise<T | undefined>;
  /** How long an answer is used; "there is no such thing" for 10 s at most. */
  readonly keepMs: number;
  /** Answers kept at most; the one that was not used for the longest time goes first. */
  readonly mostKept: number;
  readonly nowMs?: () => number;
};

/** What QRS says of things with an id, each asked for once at a time. */
export type AnswerCache<T> = {
  /** Rejects as the question does. */
  get(id: string): Promise<T | undefined>;
  /** What is known of it without a question. */
  known(id: string): T | undefined;
};

const keepNothingMs = 10_000;

export function createAnswerCache<T>(options: AnswerCacheOptions<T>): AnswerCache<T> {
  const { ask, mostKept, nowMs = () => performance.now() } = options;
  // To this cache 0 means without end.
  const keepMs = Math.max(1, options.keepMs);
  const cache = new LRUCache<string, { readonly answer: T | undefined }>({
    max: mostKept,
    ttl: keepMs,
    ttlResolution: 0,
    perf: { now: nowMs },
    // Who waits for an answer gets it, also when more are asked for than are kept.
    ignoreFetchAbort: true,
    fetchMethod: async (id, _, { options: entry }) => {
      const answer = await ask(id);
      if (answer === undefined) entry.ttl = Math.min(keepMs, keepNothingMs);
      return { answer };
    },
  });
  return {
    get: async (id) => (await cache.fetch(id.toLowerCase()))?.answer,
    known: (id) => cache.get(id.toLowerCase())?.answer,
  };
}
