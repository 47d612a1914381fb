/** Lets so many questions be asked at a time, the others in the order they came. */
export type Turns = {
  /** Asks when it is its turn. What is not `wanted` any more by then is not asked: it rejects with a NotAskedError. */
  take<T>(ask: () => Promise<T>, wanted: () => boolean): Promise<T>;
  /** Everyone's turn is now, and what is still being answered takes none: it may hang. */
  release(): void;
};

/** Nobody waited for the answer any more. */
export class NotAskedError extends Error {
  override readonly name = "NotAskedError";
}

export function createTurns(most: number): Turns {
  let asking = 0;
  /** Counted up by each release: who began before it gives no turn back. */
  let round = 0;
  let queue: (() => void)[] = [];

  function enter(): Promise<void> | undefined {
    if (asking < most) {
      asking++;
      return undefined;
    }
    return new Promise((resolve) => queue.push(resolve));
  }

  function leave(): void {
    const next = queue.shift();
    if (next === undefined) asking = Math.max(0, asking - 1);
    else next();
  }

  return {
    async take(ask, wanted) {
      await enter();
      const entered = round;
      try {
        if (!wanted()) throw new NotAskedError("nobody waits for the answer any more");
        return await ask();
      } finally {
        if (entered === round) leave();
      }
    },
    release() {
      round++;
      asking = 0;
      const waiting = queue;
      queue = [];
      for (const resume of waiting) {
        asking++;
        resume();
      }
    },
  };
}
