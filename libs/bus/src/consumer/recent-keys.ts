/** The keys added last, at most `limit`; the oldest is forgotten first. */
export type RecentKeys = {
  add(key: string): void;
  has(key: string): boolean;
};

export function createRecentKeys(limit: number): RecentKeys {
  const keys = new Set<string>();
  return {
    add: (key) => {
      keys.add(key);
      if (keys.size <= limit) return;
      const [oldest = ""] = keys;
      keys.delete(oldest);
    },
    has: (key) => keys.has(key),
  };
}
