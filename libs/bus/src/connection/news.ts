export type News = {
  /** Whether this text is worth a log line: it was not asked for before, or that is long ago. */
  has(text: string): boolean;
  /** From here on every text is news again. */
  forget(): void;
};

const most = 100;

/** Keeps the log short while the same few things go wrong again and again, also when they take turns. */
export function createNews(everyMs = 30_000): News {
  const told = new Map<string, number>();
  return {
    has: (text) => {
      const nowMs = performance.now();
      const isNews = nowMs - (told.get(text) ?? Number.NEGATIVE_INFINITY) >= everyMs;
      if (isNews) {
        // The words of others may hold figures: what is different each time must not pile up.
        if (told.size >= most) told.clear();
        told.set(text, nowMs);
      }
      return isNews;
    },
    forget: () => told.clear(),
  };
}
