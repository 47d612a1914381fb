import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, type TestContext, test } from "node:test";
import {
  type Environment,
  eventually,
  freeUdpPort,
  type Service,
  sendDatagram,
  sendDatagrams,
  startService,
} from "@sense-alerts/test-kit";
import { alertOf, messagesOf, newTask, sendAlert } from "../src/alerts.js";
import { noIpv6 } from "../src/ipv6.js";
import { startServers } from "../src/stack.js";
import { subscribeNats } from "../src/subscribe-nats.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const { nats, subscriber, env } = await startServers(file);
const onNats = await subscribeNats(file, nats.port, "sense.rejected");
await startService(file, "mqtt-alerter", env, { waitFor: "ready" });

function startIngest(t: TestContext, ingestEnv: Environment): Promise<Service> {
  return startService(t, "udp-ingest", { ...env, ...ingestEnv }, { waitFor: "ready" });
}

/** Sends a datagram that is to be turned away, and waits for the counter, the warning, and the bytes on NATS. */
async function assertRejected(ingest: Service, datagram: string, reason: string, address: string): Promise<void> {
  const counted = () => ingest.metric("sensealerts_ingest_datagrams_rejected_total", { reason });
  const before = await counted();
  await sendDatagram(await ingest.udpPort(), datagram, { address });
  const source = address.includes(":") ? `[${address}]:` : `${address}:`;
  await eventually(async () => {
    assert.equal(await counted(), before + 1);
    const kept = onNats.messages.find(({ payload }) => payload.toString() === datagram);
    assert.equal(kept?.headers["Sense-Reason"], reason);
    assert.ok(kept.headers["Sense-Source"]?.startsWith(source), kept.headers["Sense-Source"]);
  });
  const warning = ingest.logs.find((line) => line["msg"] === "datagram rejected" && line["source"] === address);
  assert.deepEqual([warning?.["level"], warning?.["reason"]], ["warn", reason]);
}

test("UDP_HOST=:: takes IPv4 and IPv6 and tells plain addresses", { skip: noIpv6 }, async (t) => {
  const ingest = await startIngest(t, { UDP_HOST: "::" });
  for (const address of ["127.0.0.1", "::1"]) {
    const { object } = await sendAlert(ingest, subscriber, {}, { address });
    assert.equal(object["sourceAddress"], address);
  }
});

for (const host of ["127.0.0.1", "localhost"]) {
  test(`UDP_HOST=${host} takes what is sent there and nothing else`, { skip: noIpv6 }, async (t) => {
    const ingest = await startIngest(t, { UDP_HOST: host });
    await sendDatagram(await ingest.udpPort(), newTask().datagram, { address: "::1" });
    await sendAlert(ingest, subscriber);
    assert.equal(await ingest.metric("sensealerts_ingest_datagrams_received_total"), 1);
    const bound = ingest.logs.find((line) => line["msg"] === "udp socket listening");
    assert.equal(bound?.["address"], "127.0.0.1");
  });
}

test("UDP_PORT is where datagrams are taken", async (t) => {
  const port = await freeUdpPort();
  await startIngest(t, { UDP_PORT: String(port) });
  const { taskName, datagram } = newTask();
  await sendDatagram(port, datagram);
  await alertOf(subscriber, taskName);
});

const buffers = [
  { asked: 65_536, warnings: 0 },
  { asked: 1_073_741_824, warnings: 1 },
];
for (const { asked, warnings } of buffers) {
  test(`UDP_RECEIVE_BUFFER_BYTES=${asked} is asked for, and what was granted is told`, async (t) => {
    const ingest = await startIngest(t, { UDP_RECEIVE_BUFFER_BYTES: String(asked) });
    await sendAlert(ingest, subscriber);
    const granted = grantedOf(asked);
    assert.equal(await ingest.metric("sensealerts_ingest_receive_buffer_bytes"), granted);
    const bound = ingest.logs.find((line) => line["msg"] === "udp socket listening");
    assert.equal(bound?.["receiveBufferBytes"], granted);
    const shortfalls = ingest.logs
      .filter((line) => String(line["msg"]).includes("smaller receive buffer"))
      .map((line) => [line["level"], line["asked"], line["granted"], line["mend"]]);
    const expected = ["warn", asked, granted, `sysctl -w net.core.rmem_max=${asked}`];
    assert.deepEqual(shortfalls, Array(warnings).fill(expected));
  });
}

/** Linux grants what is asked for up to a bound that it tells. */
function grantedOf(asked: number): number {
  const bound = "/proc/sys/net/core/rmem_max";
  return existsSync(bound) ? Math.min(asked, Number(readFileSync(bound, "utf8"))) : asked;
}

test("UDP_MAX_DATAGRAM_BYTES lets a datagram of that size through and keeps a larger one's bytes", async (t) => {
  const { taskName, datagram } = newTask();
  const ingest = await startIngest(t, { UDP_MAX_DATAGRAM_BYTES: String(datagram.length) });
  await assertRejected(ingest, `${datagram}!`, "too-large", "127.0.0.1");
  await sendDatagram(await ingest.udpPort(), datagram);
  const { object } = await alertOf(subscriber, taskName);
  assert.equal(object["logMessage"], "Max retries reached");
});

const sources = [
  { rules: "127.0.0.1", taken: ["127.0.0.1"], refused: ["::1"] },
  { rules: "::1", taken: ["::1"], refused: ["127.0.0.1"] },
  { rules: "10.0.0.5, 127.0.0.0/8 ,fd00::/8", taken: ["127.0.0.1"], refused: ["::1"] },
  { rules: "nowhere.invalid,localhost", taken: ["127.0.0.1"], refused: [] },
  { rules: "nowhere.invalid", taken: [], refused: ["127.0.0.1", "::1"] },
  { rules: "", taken: ["127.0.0.1", "::1"], refused: [] },
];
for (const { rules, taken, refused } of sources) {
  const name = `UDP_ALLOWED_SOURCES=${rules} takes ${named(taken)}, refuses ${named(refused)}`;
  test(name, { skip: noIpv6 }, async (t) => {
    const ingest = await startIngest(t, { UDP_HOST: "::", UDP_ALLOWED_SOURCES: rules });
    for (const address of refused) await assertRejected(ingest, newTask().datagram, "source-not-allowed", address);
    for (const address of taken) await sendAlert(ingest, subscriber, {}, { address });
    assert.equal(await ingest.metric("sensealerts_ingest_datagrams_rejected_total"), refused.length);
    const unknown = rules.includes("nowhere.invalid") ? ["nowhere.invalid"] : [];
    await eventually(() => {
      const lines = ingest.logs.filter((line) => line["msg"] === "allowed source cannot be resolved");
      assert.deepEqual(
        lines.map((line) => line["name"]),
        unknown,
      );
    });
  });
}

function named(addresses: readonly string[]): string {
  return addresses.join(" and ") || "none";
}

test("UDP_SOURCE_RATE_PER_SECOND takes that many of a burst, all of another source, and more after a while", {
  skip: noIpv6,
}, async (t) => {
  const ingest = await startIngest(t, { UDP_HOST: "::", UDP_SOURCE_RATE_PER_SECOND: "5" });
  const port = await ingest.udpPort();
  await sendDatagrams(
    port,
    Array.from({ length: 30 }, () => newTask().datagram),
  );
  await eventually(async () => {
    assert.equal(await ingest.metric("sensealerts_ingest_datagrams_received_total"), 30);
  });
  const reason = "source-rate-exceeded";
  const rejected = await ingest.metric("sensealerts_ingest_datagrams_rejected_total", { reason });
  assert.ok(rejected > 15 && rejected <= 25, `rejected ${rejected}`);
  const warning = ingest.logs.find((line) => line["msg"] === "datagram rejected");
  assert.deepEqual([warning?.["reason"], warning?.["source"]], [reason, "127.0.0.1"]);
  await sendAlert(ingest, subscriber, {}, { address: "::1" });
  const { taskName, datagram } = newTask();
  await eventually(async () => {
    await sendDatagram(port, datagram);
    assert.equal(messagesOf(subscriber, taskName).length, 2);
  });
});

const windows1251 = (text: string) =>
  Buffer.from(Array.from(text, (c) => (c < "\x80" ? c : cyrillic(c)).charCodeAt(0)));
const cyrillic = (letter: string) => String.fromCharCode(letter.charCodeAt(0) - 0x350);
const locales = [
  {
    what: "UDP_FALLBACK_ENCODING and SENSE_TIMEZONE unset: windows-1252 and no UTC time",
    env: {},
    taskName: "Ladda försäljning till 5 €",
    encode: (text: string) => Buffer.from(text.replace("€", "\x80"), "latin1"),
    utc: null,
  },
  {
    what: "UDP_FALLBACK_ENCODING=windows-1251 and SENSE_TIMEZONE=Asia/Tokyo: Cyrillic names and Tokyo's time in UTC",
    env: { UDP_FALLBACK_ENCODING: "windows-1251", SENSE_TIMEZONE: "Asia/Tokyo" },
    taskName: "Загрузка продаж",
    encode: windows1251,
    utc: "2026-11-19T21:30:01.114Z",
  },
];
for (const { what, env: ingestEnv, taskName, encode, utc } of locales) {
  test(what, async (t) => {
    const ingest = await startIngest(t, ingestEnv);
    const fields = { taskName, logTimeStamp: "2026-11-20 06:30:01,114" };
    const { basic, object } = await sendAlert(ingest, subscriber, fields, { encode });
    assert.equal(basic.text, taskName);
    assert.equal(object["logTimeStampUtc"], utc);
    assert.equal(object["logTimeStamp"], "2026-11-20 06:30:01,114");
  });
}

test("UDP_DRAIN_SECONDS is how long datagrams are received after SIGTERM, when nobody should be sent there any more", async (t) => {
  const ingest = await startIngest(t, { UDP_DRAIN_SECONDS: "2" });
  const port = await ingest.udpPort();
  const startedMs = performance.now();
  const stopped = ingest.stop();
  await eventually(async () => assert.equal((await ingest.readyz()).status, 503));
  const late = Array.from({ length: 100 }, () => newTask());
  await sendDatagrams(
    port,
    late.map(({ datagram }) => datagram),
    { perSecond: 200 },
  );
  assert.ok(performance.now() - startedMs < 2_000, "too slow to show anything");
  const { code, ms } = await stopped;
  assert.equal(code, 0);
  assert.ok(ms >= 2_000, `stopped after ${ms} ms`);
  for (const { taskName } of late) await alertOf(subscriber, taskName);
});
