import type { LinkState } from "@sense-alerts/link-kit";

/**
 * - `connecting`: no connection to any server.
 * - `checking`: connected; the streams are being looked at or made, and nothing may be published yet.
 * - `up`: connected, and the streams are there.
 * - `moving`: as `up`, but JetStream failed to answer; a leader is moving, or this server is cut off from its peers.
 * - `closed`: for good.
 */
export type Phase = "connecting" | "checking" | "up" | "moving" | "closed";

/** The phase of the link, and who wants to know when it becomes usable or stops to be. */
export type Phases = {
  phase(): Phase;
  /** Publishing is possible in `up` and in `moving`. */
  isUsable(): boolean;
  state(): LinkState;
  /** Does nothing once closed. */
  set(phase: Phase, detail: string): void;
  /** Called with each change between usable and not, and at once if it is usable now. */
  onChange(listener: (up: boolean) => void): void;
};

export function createPhases(): Phases {
  const listeners: ((up: boolean) => void)[] = [];
  let phase: Phase = "connecting";
  let detail = "not connected yet";
  const isUsable = () => phase === "up" || phase === "moving";

  return {
    phase: () => phase,
    isUsable,
    state: () => ({ up: isUsable(), detail }),
    set: (next, why) => {
      if (phase === "closed") return;
      const wasUsable = isUsable();
      phase = next;
      detail = why;
      if (isUsable() !== wasUsable) for (const listener of listeners) listener(!wasUsable);
    },
    onChange: (listener) => {
      listeners.push(listener);
      if (isUsable()) listener(true);
    },
  };
}
