/** How many messages may be in flight. */
export type Window = {
  size(): number;
  /** A new connection takes so many. */
  opened(limit: number): void;
  acknowledged(): void;
  /** The connection was lost with so many in flight. */
  broke(inFlight: number): void;
};

/** Fewer in flight than this when the connection was lost say nothing about what the broker can take. */
const leastTelling = 8;

/**
 * The full window until a connection is lost with several messages in flight. Then one message, twice as many with each
 * round trip up to half of what was in flight at the loss, and from there one more with each round trip. Two losses at
 * about the same size are taken for a limit that the broker does not announce, such as 100 in AWS IoT Core: the window
 * stays below it.
 */
export function createWindow(maximum: number): Window {
  let limit = maximum;
  let size = maximum;
  let threshold = maximum;
  let ceiling = maximum;
  let brokeAt = 0;
  return {
    size: () => Math.floor(size),
    opened: (given) => {
      limit = Math.max(1, Math.min(maximum, given));
      size = Math.min(size, limit);
    },
    acknowledged: () => {
      const most = Math.min(limit, ceiling);
      if (size < most) size = Math.min(most, size + (size < threshold ? 1 : 1 / size));
    },
    broke: (inFlight) => {
      if (inFlight <= 1) return;
      const isSimilar = inFlight >= brokeAt * 0.75 && inFlight <= brokeAt * 1.25;
      if (isSimilar && inFlight >= leastTelling) ceiling = Math.max(leastTelling, Math.floor(inFlight * 0.75));
      brokeAt = inFlight;
      threshold = Math.max(1, Math.floor(inFlight / 2));
      size = 1;
    },
  };
}
