import type { CheckName } from "./check.js";

/**
 * What a broker itself gets wrong, with the reason. A check that fails for another broker, or another check, is a
 * failure.
 */
export const expectedDeviations: Readonly<Record<string, Partial<Readonly<Record<CheckName, string>>>>> = {
  artemis: { "Receive Maximum": "the CONNACK does not announce the receiveMaximum that the acceptor is set to" },
  ejabberd: { restart: "after SIGKILL, messages that it has acknowledged and not delivered yet are gone" },
  mochi: {
    restart: "it loses its sessions at a restart: a subscriber misses what comes before it has subscribed again",
  },
  moquette: {
    "last will": "the last will is delivered but not retained",
    restart: "after SIGKILL, messages that it has acknowledged and not delivered yet are gone",
  },
};
