import type { JetStreamManagerOptions, JetStreamOptions } from "nats";
import type { BusOptions } from "./options.js";

type Domain = Pick<BusOptions, "jetStreamDomain">;

/** What subjects of JetStream's API begin with: `$JS.API`, or `$JS.<domain>.API`. */
export function apiPrefixOf({ jetStreamDomain }: Domain): string {
  return jetStreamDomain === undefined ? "$JS.API" : `$JS.${jetStreamDomain}.API`;
}

/** For `jetstream()` of nats.js. Every use of JetStream must name the domain. */
export function jetStreamOptions({ jetStreamDomain }: Domain): JetStreamOptions {
  return jetStreamDomain === undefined ? {} : { domain: jetStreamDomain };
}

/** For `jetstreamManager()` of nats.js, without the request that it would first make. */
export function managerOptions(options: Domain, timeoutMs = 5_000): JetStreamManagerOptions {
  return { ...jetStreamOptions(options), checkAPI: false, timeout: timeoutMs };
}
