import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanUpAfter, eventually, type Scope } from "@sense-alerts/test-kit";
import {
  type AllowedSources,
  type AllowedSourcesOptions,
  createAllowedSources,
  parseSourceRule,
} from "../../src/admission/allowed-sources.js";

type Resolve = NonNullable<AllowedSourcesOptions["resolve"]>;

const notFound = new Error("getaddrinfo ENOTFOUND");

async function allowing(
  t: Scope,
  rules: readonly string[],
  options: Partial<AllowedSourcesOptions> = {},
): Promise<AllowedSources & { readonly unresolved: (readonly [string, unknown])[] }> {
  const unresolved: [string, unknown][] = [];
  const sources = await createAllowedSources({
    rules: rules.map(parseSourceRule),
    onUnresolved: (name, error) => unresolved.push([name, error]),
    ...options,
  });
  cleanUpAfter(t, sources.close);
  return { ...sources, unresolved };
}

/** Name and IPv4 address of each host; any other name is not found. */
function resolverOf(hosts: Record<string, string | undefined>): Resolve {
  return async (name) => {
    const address = hosts[name];
    if (address === undefined) throw notFound;
    return [{ address, family: 4 }];
  };
}

test("allows everyone when there are no rules", async (t) => {
  const sources = await allowing(t, []);
  for (const address of ["10.0.0.5", "fd00::5"]) assert(sources.allows(address));
});

test("allows an address and nobody next to it", async (t) => {
  const sources = await allowing(t, ["10.0.0.5", "fd00::5"]);
  for (const address of ["10.0.0.5", "fd00::5", "fd00:0::0:5"]) assert(sources.allows(address), address);
  for (const address of ["10.0.0.4", "10.0.0.6", "fd00::4", "::1", "::"]) assert(!sources.allows(address), address);
});

test("allows a range from its first to its last address, also when it is not written with its first", async (t) => {
  const sources = await allowing(t, ["10.1.77.5/20", "fd00:1::/47"]);
  for (const address of ["10.1.64.0", "10.1.79.255", "fd00:1::", "fd00:1:1:ffff:ffff:ffff:ffff:ffff"]) {
    assert(sources.allows(address), address);
  }
  for (const address of ["10.1.63.255", "10.1.80.0", "fd00:1:2::", "fd00:0:ffff::"]) {
    assert(!sources.allows(address), address);
  }
});

test("keeps the families apart, but for ::/0, which is everyone", async (t) => {
  const ipv4 = await allowing(t, ["0.0.0.0/0"]);
  assert(ipv4.allows("203.0.113.9"));
  assert(!ipv4.allows("fd00::5"));
  const all = await allowing(t, ["::/0"]);
  assert(all.allows("fd00::5"));
  assert(all.allows("203.0.113.9"));
});

test("allows an IPv4 address that the rule writes as an IPv6 one", async (t) => {
  const sources = await allowing(t, ["::ffff:10.0.0.5"]);
  assert(sources.allows("10.0.0.5"));
  assert(!sources.allows("10.0.0.6"));
});

test("looks host names up with the operating system", async (t) => {
  const sources = await allowing(t, ["localhost"]);
  assert(sources.allows("127.0.0.1") || sources.allows("::1"));
  assert(!sources.allows("192.0.2.1"));
  assert.deepEqual(sources.unresolved, []);
});

test("allows all addresses that a host name has", async (t) => {
  const resolve: Resolve = async () => [
    { address: "10.0.0.5", family: 4 },
    { address: "fd00::5", family: 6 },
  ];
  const sources = await allowing(t, ["sense1"], { resolve });
  assert(sources.allows("10.0.0.5"));
  assert(sources.allows("fd00::5"));
});

test("reports a name that cannot be resolved, which allows nobody, and takes the other rules all the same", async (t) => {
  const rules = ["gone.example.com", "sense1.example.com", "10.0.0.7"];
  const sources = await allowing(t, rules, { resolve: resolverOf({ "sense1.example.com": "10.0.0.5" }) });
  assert.deepEqual(sources.unresolved, [["gone.example.com", notFound]]);
  assert(sources.allows("10.0.0.5"));
  assert(sources.allows("10.0.0.7"));
  assert(!sources.allows("10.0.0.6"));
});

test("allows nobody when the only name cannot be resolved", async (t) => {
  const sources = await allowing(t, ["gone.example.com"], { resolve: resolverOf({}) });
  for (const address of ["127.0.0.1", "10.0.0.5", "::1"]) assert(!sources.allows(address), address);
});

test("follows a host name to its new address", async (t) => {
  const hosts: Record<string, string> = { sense1: "10.0.0.5" };
  const sources = await allowing(t, ["sense1"], { resolve: resolverOf(hosts), resolveEveryMs: 5 });
  assert(sources.allows("10.0.0.5"));
  hosts["sense1"] = "10.0.0.6";
  await eventually(() => assert(sources.allows("10.0.0.6")));
  assert(!sources.allows("10.0.0.5"));
});

test("keeps the addresses that a host name had when it cannot be resolved any more", async (t) => {
  const hosts: Record<string, string | undefined> = { sense1: "10.0.0.5" };
  const sources = await allowing(t, ["sense1"], { resolve: resolverOf(hosts), resolveEveryMs: 5 });
  hosts["sense1"] = undefined;
  await eventually(() => assert.notEqual(sources.unresolved.length, 0));
  assert(sources.allows("10.0.0.5"));
});

test("takes a host name that can be resolved only later", async (t) => {
  const hosts: Record<string, string> = {};
  const sources = await allowing(t, ["sense1"], { resolve: resolverOf(hosts), resolveEveryMs: 5 });
  assert(!sources.allows("10.0.0.5"));
  hosts["sense1"] = "10.0.0.5";
  await eventually(() => assert(sources.allows("10.0.0.5")));
});

test("takes a host name that DNS knows only after the start within seconds, not at the next refresh", async (t) => {
  const hosts: Record<string, string> = {};
  const sources = await allowing(t, ["sense1"], { resolve: resolverOf(hosts), resolveEveryMs: 60_000, retryMs: 5 });
  assert(!sources.allows("10.0.0.5"));
  hosts["sense1"] = "10.0.0.5";
  await eventually(() => assert(sources.allows("10.0.0.5")));
});

test("looks up a name that DNS does not know at growing intervals, from a second to the refresh interval", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let lookups = 0;
  const resolve: Resolve = async () => {
    lookups++;
    throw notFound;
  };
  const sources = await allowing(t, ["gone"], { resolve });
  const lookupsIn = async (seconds: number) => {
    const before = lookups;
    for (let second = 0; second < seconds; second++) {
      t.mock.timers.tick(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return lookups - before;
  };
  assert.equal(await lookupsIn(1), 1);
  const firstMinute = await lookupsIn(60);
  assert(firstMinute >= 4 && firstMinute <= 7, `${firstMinute} lookups`);
  await lookupsIn(120);
  const later = await lookupsIn(600);
  assert(later >= 10 && later <= 20, `${later} lookups in ten minutes`);
  assert.equal(sources.unresolved.length, 1, "reported once: no real minute has passed");
});

test("does not wait long for a name, and allows the other rules while it is looked up", async (t) => {
  // The waiting itself keeps no process alive.
  const alive = setInterval(() => undefined, 1_000);
  cleanUpAfter(t, () => clearInterval(alive));
  let answer: (address: string) => void = () => undefined;
  const resolve: Resolve = (name) =>
    name === "slow"
      ? new Promise((found) => {
          answer = (address) => found([{ address, family: 4 }]);
        })
      : resolverOf({ quick: "10.0.0.5" })(name);
  const sources = await allowing(t, ["slow", "quick", "10.1.0.0/16"], { resolve, longestFirstWaitMs: 5 });
  assert(sources.allows("10.1.2.3"));
  assert(sources.allows("10.0.0.5"));
  assert(!sources.allows("10.0.0.6"));
  answer("10.0.0.6");
  await eventually(() => assert(sources.allows("10.0.0.6")));
});

test("looks nothing up any more once it is closed", async (t) => {
  let lookups = 0;
  const resolve: Resolve = async () => {
    lookups++;
    return [];
  };
  const sources = await allowing(t, ["sense1"], { resolve, resolveEveryMs: 1 });
  await eventually(() => assert(lookups > 2));
  sources.close();
  const atClose = lookups;
  const other = await allowing(t, ["sense1"], { resolve: resolverOf({}), resolveEveryMs: 1 });
  await eventually(() => assert(other.unresolved.length > 5));
  assert.equal(lookups, atClose);
});
