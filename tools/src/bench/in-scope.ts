import type { Scope } from "@sense-alerts/test-kit";

/** Runs `work` with a scope of its own: what it starts has ended when this resolves. */
export async function inScope<T>(work: (scope: Scope) => Promise<T>): Promise<T> {
  const ends: (() => void | Promise<void>)[] = [];
  try {
    return await work({ after: (end) => void ends.push(end) });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}
