import type { Timestamp } from "./timestamp.js";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const cachedOffsets = 4096;

/** Whether the name is one that the time zone database of this Node knows, such as `Europe/Stockholm`. */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false; // RangeError: the one thing that this constructor throws for a time zone
  }
}

/**
 * Gives the function that turns logged times into ISO 8601 UTC. An offset in the time itself counts before the zone.
 * An hour that the clock ran through twice is the one nearer to the time of receipt; an hour that it left out is read
 * with the offset from before the change. Null without a zone, without a time, or for a time that no calendar has.
 */
export function createUtcConversion(
  zone: string | undefined,
): (timestamp: Timestamp | undefined, receivedAtMs: number) => string | null {
  if (zone === undefined) return () => null;
  const offsetAt = createOffsets(zone);

  function utcOf({ localMs, offsetMinutes }: Timestamp, receivedAtMs: number): number {
    if (offsetMinutes !== undefined) return localMs - offsetMinutes * minuteMs;
    const before = localMs - offsetAt(localMs - dayMs);
    const after = localMs - offsetAt(localMs + dayMs);
    if (before === after) return before;
    const isBefore = localMs - offsetAt(before) === before;
    const isAfter = localMs - offsetAt(after) === after;
    if (isBefore && isAfter) {
      return Math.abs(after - receivedAtMs) < Math.abs(before - receivedAtMs) ? after : before;
    }
    return isAfter ? after : before;
  }

  return (timestamp, receivedAtMs) => {
    if (timestamp === undefined || Number.isNaN(timestamp.localMs)) return null;
    return new Date(utcOf(timestamp, receivedAtMs)).toISOString();
  };
}

/** The zone's offset from UTC in milliseconds at a moment. Intl is asked once for each minute of logged time. */
function createOffsets(zone: string): (utcMs: number) => number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  const offsets = new Map<number, number>();

  return (utcMs) => {
    const minute = Math.floor(utcMs / minuteMs);
    const known = offsets.get(minute);
    if (known !== undefined) return known;
    if (offsets.size >= cachedOffsets) offsets.clear();
    const offset = offsetIn(format.format(minute * minuteMs));
    offsets.set(minute, offset);
    return offset;
  };
}

/** Reads the end of `11/23/2026, GMT-03:30`. Old local mean times have seconds, and zero may stand for itself. */
function offsetIn(formatted: string): number {
  const [, sign, hours, minutes, seconds] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(formatted) ?? [];
  const ms = (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1000;
  return sign === "-" ? -ms : ms;
}
