export { type Backoff, type BackoffOptions, backoff, backoffMs } from "./backoff.js";
export { atMost, DeadlineError, withDeadline } from "./deadline.js";
export type { LinkState } from "./link-state.js";
export { NumberMap } from "./number-map.js";
export { delay, pause } from "./pause.js";
export { createThrottle, type Throttle } from "./throttle.js";
