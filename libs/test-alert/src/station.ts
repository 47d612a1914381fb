import type { Finding } from "./finding.js";
import type { Change } from "./observe.js";

/** A place on the way where a service counts what passes. */
export type Station = {
  readonly name: string;
  /** Undefined while it is unknown. */
  readonly judge: (change: Change) => Finding | undefined;
  /** What it came to when the time is up. */
  readonly explain: (change: Change) => Finding;
};
