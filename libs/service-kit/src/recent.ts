/** The last few of many, for someone to look at. */
export type Recent<T> = {
  add(item: T): void;
  newestFirst(): readonly T[];
};

/** Keeps references to the last `most` items; adding one costs a store. */
export function createRecent<T>(most: number): Recent<T> {
  const ring: T[] = [];
  /** Where the next goes: once the ring is full that is where the oldest is. */
  let next = 0;
  return {
    add: (item) => {
      ring[next] = item;
      next = next + 1 === most ? 0 : next + 1;
    },
    newestFirst: () => [...ring.slice(0, next).reverse(), ...ring.slice(next).reverse()],
  };
}
