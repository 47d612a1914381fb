import type { Delivery } from "@sense-alerts/bus";
import { type Decoded, decodeEvent } from "@sense-alerts/event-contract";

export type Decode = (delivery: Pick<Delivery, "key" | "sequence" | "bytes">) => Decoded;

/** How many events one lane may be behind the other. */
const size = 256;

/** Decodes an event once for both lanes: the lane that has it second takes what the first has left. */
export function createSharedDecoder(): Decode {
  const left = new Array<{ readonly key: string; readonly decoded: Decoded } | undefined>(size).fill(undefined);
  return ({ key, sequence, bytes }) => {
    const place = sequence % size;
    const known = left[place];
    if (known?.key === key) {
      left[place] = undefined;
      return known.decoded;
    }
    const decoded = decodeEvent(bytes);
    left[place] = { key, decoded };
    return decoded;
  };
}
