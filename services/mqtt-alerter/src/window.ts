/** Lets so many pass at a time, the others in the order they came. */
export type Window = {
  /** Resolves when there is room; rejects with the reason given to `reset` if that comes first. */
  enter(): Promise<void>;
  leave(): void;
  /** Twice the room, up to `most`. */
  widen(most: number): void;
  /** Sends away all who wait and forgets those inside: the connection they were on is gone. */
  reset(size: number, reason: Error): void;
};

type Waiter = { resolve(): void; reject(reason: Error): void };

export function createWindow(initialSize: number): Window {
  let size = initialSize;
  let inside = 0;
  let waiters: Waiter[] = [];
  return {
    enter: () => {
      if (inside < size) {
        inside++;
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => waiters.push({ resolve, reject }));
    },
    leave: () => {
      const next = waiters.shift();
      if (next === undefined) inside--;
      else next.resolve();
    },
    widen: (most) => {
      size = Math.min(size * 2, most);
      while (inside < size && waiters.length > 0) {
        inside++;
        waiters.shift()?.resolve();
      }
    },
    reset: (newSize, reason) => {
      const sentAway = waiters;
      waiters = [];
      inside = 0;
      size = newSize;
      for (const waiter of sentAway) waiter.reject(reason);
    },
  };
}
