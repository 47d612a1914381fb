import assert from "node:assert/strict";
import { test } from "node:test";
import { createServerList, hostOf } from "../../src/connection/servers.js";
import { hostAndPort } from "../../src/index.js";

for (const [address, expected] of [
  ["nats://nats:4222", "nats:4222"],
  ["nats://nats", "nats:4222"],
  ["tls://nats.example.com:443", "nats.example.com:443"],
  ["nats://127.0.0.1:5222/", "127.0.0.1:5222"],
  ["nats://[::1]:4222", "[::1]:4222"],
  ["nats://[2001:db8::7]", "[2001:db8::7]:4222"],
  ["nats://alerts:s3cret@nats:4222", "nats:4222"],
  ["nats://s3cret@nats:4222", "nats:4222"],
  ["nats://alerts:s3%40cret@nats", "nats:4222"],
  ["nats://nats:4222/?token=s3cret#s3cret", "nats:4222"],
] as const) {
  test(`shows ${address} as ${expected}`, () => {
    assert.equal(hostAndPort(address), expected);
  });
}

for (const [address, host] of [
  ["nats:4222", "nats"],
  ["10.0.0.1:4222", "10.0.0.1"],
  ["[2001:db8::7]:4222", "2001:db8::7"],
] as const) {
  test(`finds the host ${host} in ${address}`, () => assert.equal(hostOf(address), host));
}

function addressesOf(list: ReturnType<typeof createServerList>): string[] {
  return list.inOrder().map(({ address }) => address);
}

const configured = { address: "a:4222", gossiped: false };

test("dials configured servers before gossiped ones", () => {
  const list = createServerList(["nats://a", "nats://b"]);
  list.learn(configured, ["10.0.0.1:4222", "b:4222", "10.0.0.2:4222"]);
  assert.deepEqual(addressesOf(list).slice(0, 2).sort(), ["a:4222", "b:4222"]);
  assert.deepEqual(addressesOf(list).slice(2).sort(), ["10.0.0.1:4222", "10.0.0.2:4222"]);
});

test("spreads over the configured servers", () => {
  const list = createServerList(["nats://a", "nats://b"]);
  const first = new Set(Array.from({ length: 100 }, () => addressesOf(list)[0]));
  assert.deepEqual([...first].sort(), ["a:4222", "b:4222"]);
});

test("dials an avoided server last, the one that failed longest ago before the others, for a minute", () => {
  let nowMs = 1_000;
  const list = createServerList(["nats://a"], () => nowMs);
  list.learn(configured, ["10.0.0.1:4222"]);
  list.avoid(configured);
  assert.deepEqual(addressesOf(list), ["10.0.0.1:4222", "a:4222"]);
  nowMs += 1_000;
  list.avoid({ address: "10.0.0.1:4222", gossiped: true });
  assert.deepEqual(addressesOf(list), ["a:4222", "10.0.0.1:4222"]);
  nowMs += 60_000;
  assert.deepEqual(addressesOf(list), ["a:4222", "10.0.0.1:4222"]);
});

test("gives a gossiped server the host name through which the cluster was found", () => {
  const list = createServerList(["nats://a"]);
  list.learn(configured, ["10.0.0.1:4222"]);
  const [, gossiped] = list.inOrder();
  assert.deepEqual(gossiped, { address: "10.0.0.1:4222", gossiped: true, clusterName: "a" });
  assert.ok(gossiped !== undefined);
  list.learn(gossiped, ["10.0.0.2:4222"]);
  assert.equal(list.inOrder().at(-1)?.clusterName, "a");
});

test("keeps the addresses of the cluster for ten minutes when a server names none, as one that is cut off", () => {
  let nowMs = 0;
  const list = createServerList(["nats://a"], () => nowMs);
  list.learn(configured, ["10.0.0.1:4222"]);
  nowMs += 600_000;
  list.learn(configured, undefined);
  assert.deepEqual(addressesOf(list), ["a:4222", "10.0.0.1:4222"]);
  nowMs += 1;
  list.learn(configured, ["10.0.0.2:4222"]);
  assert.deepEqual(addressesOf(list), ["a:4222", "10.0.0.2:4222"]);
});
