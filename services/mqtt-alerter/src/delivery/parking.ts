/** Deliveries that were given back to NATS for a time, because the broker refuses their topic. */
export type Parking = {
  /** False when there is no room for another. */
  park(sequence: number, forMs: number): boolean;
  /** The delivery came back. */
  take(sequence: number): void;
  count(): number;
};

/** A tenth of what NATS leaves unacknowledged for a consumer: the others keep their room. */
export const mostParked = 1_000;
/** A delivery that has not come back by then went to another replica. */
const lateMs = 30_000;

export function createParking(most = mostParked): Parking {
  /** When each comes back, by sequence in the stream. */
  const parked = new Map<number, number>();

  function forgetLate(nowMs: number): void {
    for (const [sequence, backMs] of parked) if (nowMs > backMs + lateMs) parked.delete(sequence);
  }

  return {
    park: (sequence, forMs) => {
      const nowMs = performance.now();
      if (parked.size >= most) forgetLate(nowMs);
      if (parked.size >= most) return false;
      parked.set(sequence, nowMs + forMs);
      return true;
    },
    take: (sequence) => {
      if (parked.size > 0) parked.delete(sequence);
    },
    count: () => parked.size,
  };
}
