import type { Turns } from "./turns.js";

export type AnswerCacheOptions<T> = {
  readonly ask: (id: string) => Promise<T | undefined>;
  readonly turns: Turns;
  /** How long an answer is taken as still right; "there is no such thing" for 10 s at most. */
  readonly keepMs: number;
  /** Answers kept at most; the one that was not used for the longest time goes first. */
  readonly mostKept: number;
  readonly nowMs?: () => number;
};

/** What QRS says of things with an id, each asked for once at a time. */
export type AnswerCache<T> = {
  /** Rejects as the question does, or with a NotAskedError when its turn comes after `untilMs` for everyone who waits. */
  get(id: string, untilMs: number): Promise<T | undefined>;
  /** What is known of it without a question. */
  known(id: string): T | undefined;
};

type Kept<T> = { readonly answer: T | undefined; readonly staleAtMs: number };
type Asked<T> = { readonly answer: Promise<T | undefined>; untilMs: number };

const keepNothingMs = 10_000;

export function createAnswerCache<T>(options: AnswerCacheOptions<T>): AnswerCache<T> {
  const { ask, turns, keepMs, mostKept, nowMs = () => performance.now() } = options;
  /** In the order of their last use. */
  const kept = new Map<string, Kept<T>>();
  const asked = new Map<string, Asked<T>>();

  function find(id: string): Kept<T> | undefined {
    const found = kept.get(id);
    if (found === undefined) return undefined;
    kept.delete(id);
    if (found.staleAtMs <= nowMs()) return undefined;
    kept.set(id, found);
    return found;
  }

  function keep(id: string, answer: T | undefined): void {
    const staleAtMs = nowMs() + (answer === undefined ? Math.min(keepMs, keepNothingMs) : keepMs);
    kept.set(id, { answer, staleAtMs });
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
  }

  async function askOnce(id: string): Promise<T | undefined> {
    try {
      const answer = await turns.take(
        () => ask(id),
        () => nowMs() < (asked.get(id)?.untilMs ?? 0),
      );
      keep(id, answer);
      return answer;
    } finally {
      asked.delete(id);
    }
  }

  return {
    get(given, untilMs) {
      const id = given.toLowerCase();
      const found = find(id);
      if (found !== undefined) return Promise.resolve(found.answer);
      const underWay = asked.get(id);
      if (underWay !== undefined) {
        underWay.untilMs = Math.max(underWay.untilMs, untilMs);
        return underWay.answer;
      }
      // Begun in the next microtask, when it is among those asked.
      const answer = Promise.resolve().then(() => askOnce(id));
      asked.set(id, { answer, untilMs });
      return answer;
    },
    known: (id) => find(id.toLowerCase())?.answer,
  };
}
