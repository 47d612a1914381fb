export type WindowOptions<T> = {
  readonly size: number;
  /** Who entered may pass. */
  readonly admit: (passenger: T) => void;
  /** Who waited may not, and is forgotten. */
  readonly refuse: (passenger: T) => void;
  /** Someone left whose place nobody waited for. */
  readonly onRoom: () => void;
};

/** Lets so many pass at a time, the others in the order they came. */
export type Window<T> = {
  /** Admits when there is room, at once if there is some now; refuses if `reset` comes first. */
  enter(passenger: T): void;
  leave(): void;
  /** Whether the next would be admitted at once. */
  hasRoom(): boolean;
  /** Twice the room, up to `most`. */
  widen(most: number): void;
  /** Refuses all who wait and forgets those inside: the connection they were on is gone. */
  reset(size: number): void;
};

export function createWindow<T>({ size: firstSize, admit, refuse, onRoom }: WindowOptions<T>): Window<T> {
  let size = firstSize;
  let inside = 0;
  let waiting: T[] = [];

  function admitWaiting(): void {
    while (inside < size && waiting.length > 0) {
      inside++;
      admit(waiting.shift() as T);
    }
    if (inside < size) onRoom();
  }

  return {
    enter: (passenger) => {
      if (inside >= size) {
        waiting.push(passenger);
        return;
      }
      inside++;
      admit(passenger);
    },
    leave: () => {
      inside--;
      admitWaiting();
    },
    hasRoom: () => inside < size,
    widen: (most) => {
      if (size >= most) return;
      size = Math.min(size * 2, most);
      admitWaiting();
    },
    reset: (newSize) => {
      const refused = waiting;
      waiting = [];
      inside = 0;
      size = newSize;
      for (const passenger of refused) refuse(passenger);
    },
  };
}
