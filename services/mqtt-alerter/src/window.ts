/** Who wants to pass; told once, that there is room or why there is none. */
type Passenger = { admit(): void; refuse(reason: Error): void };

/** Lets so many pass at a time, the others in the order they came. */
export type Window = {
  /** Admits when there is room, at once if there is some now; refuses for the reason given to `reset` if that comes first. */
  enter(passenger: Passenger): void;
  leave(): void;
  /** Twice the room, up to `most`. */
  widen(most: number): void;
  /** Sends away all who wait and forgets those inside: the connection they were on is gone. */
  reset(size: number, reason: Error): void;
};

export function createWindow(initialSize: number): Window {
  let size = initialSize;
  let inside = 0;
  let waiting: Passenger[] = [];
  return {
    enter: (passenger) => {
      if (inside >= size) {
        waiting.push(passenger);
        return;
      }
      inside++;
      passenger.admit();
    },
    leave: () => {
      const next = waiting.shift();
      if (next === undefined) inside--;
      else next.admit();
    },
    widen: (most) => {
      size = Math.min(size * 2, most);
      while (inside < size && waiting.length > 0) {
        inside++;
        waiting.shift()?.admit();
      }
    },
    reset: (newSize, reason) => {
      const sentAway = waiting;
      waiting = [];
      inside = 0;
      size = newSize;
      for (const passenger of sentAway) passenger.refuse(reason);
    },
  };
}
