import type { Health } from "../../health.js";

export type LinkTimes = {
  /** Since when the link is as it is now, in milliseconds since 1970, a second late at most. */
  since(name: string): number | undefined;
  /** Looks at once. */
  look(): void;
  close(): void;
};

/** Looks at the links once a second, whether anybody watches or not, to know since when each is up or down. */
export function watchLinks(health: Pick<Health, "report">): LinkTimes {
  const known = new Map<string, { readonly up: boolean; readonly sinceMs: number }>();

  function look(): void {
    const nowMs = Date.now();
    for (const [name, { up }] of Object.entries(health.report().links)) {
      if (known.get(name)?.up !== up) known.set(name, { up, sinceMs: nowMs });
    }
  }

  const timer = setInterval(look, 1_000);
  timer.unref();
  return { since: (name) => known.get(name)?.sinceMs, look, close: () => clearInterval(timer) };
}
