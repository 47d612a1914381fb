import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Backoff, backoff, createThrottle } from "@sense-alerts/link-kit";
import { isHostName } from "@sense-alerts/service-kit";

/** `10.0.0.5`, `fd00::5`, `10.0.0.0/8`, `fd00::/8` or `sense1.example.com`. */
export type SourceRule =
  | { readonly kind: "network"; readonly address: string; readonly prefix: number; readonly family: "ipv4" | "ipv6" }
  | { readonly kind: "host"; readonly name: string };

export type AllowedSources = {
  /** Whether datagrams from this IP address are accepted. */
  allows(address: string): boolean;
  close(): void;
};

export type AllowedSourcesOptions = {
  /** None = every source is allowed. */
  readonly rules: readonly SourceRule[];
  /**
   * Called if a host name cannot be resolved, at most once per refresh interval. Its last known addresses stay allowed.
   */
  readonly onUnresolved: (name: string, error: unknown) => void;
  readonly resolve?: (name: string) => Promise<readonly LookupAddress[]>;
  /** The refresh interval; a minute by default. */
  readonly resolveEveryMs?: number;
  /** The first pause after a failed lookup; a second by default. It doubles up to the refresh interval. */
  readonly retryMs?: number;
  readonly longestFirstWaitMs?: number;
};

/** Reads one entry of UDP_ALLOWED_SOURCES. Throws a TypeError that says what an entry must be. */
export function parseSourceRule(text: string): SourceRule {
  const [address = "", prefixText, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0) {
    if (prefixText === undefined && isHostName(address)) return { kind: "host", name: address };
    throw new TypeError(`must hold IP addresses, CIDR ranges or host names only; ${JSON.stringify(text)} is none`);
  }
  const bits = family === 4 ? 32 : 128;
  const prefix = prefixText === undefined ? bits : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Number.NaN;
  if (rest.length > 0 || !(prefix <= bits)) {
    throw new TypeError(`must hold CIDR ranges with a prefix from 0 to ${bits}; ${JSON.stringify(text)} is none`);
  }
  return { kind: "network", address, prefix, family: family === 4 ? "ipv4" : "ipv6" };
}

/**
 * Networks are allowed from the start. Host names are looked up first, for at most 2 s because the socket waits for it,
 * and again every minute: Sense servers move. A failed lookup is retried with growing pauses, at first after about a
 * second: DNS may start later than this service, and until then every datagram from that host is refused.
 */
export async function createAllowedSources(options: AllowedSourcesOptions): Promise<AllowedSources> {
  const { rules, resolve = (name) => lookup(name, { all: true }) } = options;
  if (rules.length === 0) return { allows: () => true, close: () => undefined };
  const { resolveEveryMs = 60_000, retryMs = 1_000 } = options;
  const names = new Set(rules.flatMap((rule) => (rule.kind === "host" ? [rule.name] : [])));
  const resolved = new Map<string, readonly LookupAddress[]>();
  const timers = new Map<string, NodeJS.Timeout>();
  const warnings = createThrottle(resolveEveryMs, names.size);
  let closed = false;
  let list = listOf(rules, resolved);

  async function refresh(name: string, retry: Backoff): Promise<void> {
    const isResolved = await update(name);
    if (isResolved) retry.reset();
    const pauseMs = isResolved ? resolveEveryMs : retry.next();
    if (!closed) timers.set(name, setTimeout(() => void refresh(name, retry), pauseMs).unref());
  }

  /** Resolves to whether the name was resolved. */
  async function update(name: string): Promise<boolean> {
    try {
      resolved.set(name, await resolve(name));
      list = listOf(rules, resolved);
      return true;
    } catch (error) {
      if (warnings.take(name) !== undefined) options.onUnresolved(name, error);
      return false;
    }
  }

  const minMs = Math.min(retryMs, resolveEveryMs);
  const firstLookups = Promise.all([...names].map((name) => refresh(name, backoff({ minMs, maxMs: resolveEveryMs }))));
  await Promise.race([firstLookups, sleep(options.longestFirstWaitMs ?? 2_000, undefined, { ref: false })]);
  return {
    allows: (address) => list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4"),
    close: () => {
      closed = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

function listOf(rules: readonly SourceRule[], resolved: ReadonlyMap<string, readonly LookupAddress[]>): BlockList {
  const list = new BlockList();
  for (const rule of rules) {
    if (rule.kind === "network") list.addSubnet(rule.address, rule.prefix, rule.family);
    else {
      for (const { address, family } of resolved.get(rule.name) ?? []) {
        list.addAddress(address, family === 4 ? "ipv4" : "ipv6");
      }
    }
  }
  return list;
}
