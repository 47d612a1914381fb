import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import {
  cleanUpAfter,
  eventually,
  freeTcpPort,
  freeUdpPort,
  startMosquitto,
  startNats,
  startService,
} from "@sense-alerts/test-kit";
import { startWay, trial, upTo, urlOf } from "../fixtures/way.js";

const stuckAt = (station: string) => [...upTo(station), `FAIL ${station}`];
const soon = ["--timeout", "2"];

test("says that a success is not alerted where its topic is not set", async (t) => {
  const way = await startWay(t);
  const { code, stations, stdout } = await way.run(...way.services, "--kind", "success");
  assert.deepEqual([code, stations], [1, stuckAt("published")], stdout);
  assert.match(stdout, /no messages for success\n +→ set TASK_SUCCESS_TOPIC/);
});

test("is told by the machine itself that nobody listens there", async (t) => {
  const { code, stations, stdout } = await trial(t, ["--port", String(await freeUdpPort())]);
  assert.deepEqual([code, stations], [1, ["FAIL sent"]]);
  assert.match(stdout, /nobody listens on UDP port \d+ \(ICMP port unreachable\)\n +→ see whether udp-ingest runs/);
});

test("says that the host name is not known", async (t) => {
  const { code, stdout } = await trial(t, ["--host", "no-such-host.invalid"]);
  assert.equal(code, 1);
  assert.match(stdout, /^FAIL sent .*no-such-host.invalid is not known.*\n +→ .*--host/m);
});

test("says that a datagram is too long to be sent", async (t) => {
  const { code, stdout } = await trial(t, ["--message", "x".repeat(66_000)]);
  assert.equal(code, 1);
  assert.match(stdout, /^FAIL sent .*EMSGSIZE.*\n +→ shorten/m);
});

test("says that udp-ingest does not answer over HTTP", async (t) => {
  const way = await startWay(t);
  const { code, stations, stdout } = await way.run("--ingest", `http://127.0.0.1:${await freeTcpPort()}`);
  assert.deepEqual([code, stations], [1, stuckAt("received")]);
  assert.match(stdout, /does not answer \(ECONNREFUSED\)\n +→ see whether udp-ingest runs/);
});

test("says that no datagram came to the udp-ingest that it was told of", async (t) => {
  const way = await startWay(t);
  const other = await startService(t, "udp-ingest", { NATS_URL: way.nats.url }, { waitFor: "ready" });
  const { code, stations, stdout } = await way.run("--ingest", await urlOf(other), ...soon);
  assert.deepEqual([code, stations], [1, stuckAt("received")]);
  assert.match(stdout, /no datagram has come to udp-ingest\n +→ let this UDP port through the firewalls/);
});

test("does not compare the counters of one replica with those of another", async (t) => {
  const way = await startWay(t);
  const other = await startService(t, "udp-ingest", { NATS_URL: way.nats.url }, { waitFor: "ready" });
  const ports = [await way.ingest.httpPort(), await way.ingest.httpPort()]; // the first look asks for two pages
  const address = createServer(async (near) => {
    const far = connect(ports.shift() ?? (await other.httpPort()), "127.0.0.1");
    for (const socket of [near, far]) socket.on("error", () => near.destroy());
    near.pipe(far).pipe(near);
  }).listen(0, "127.0.0.1");
  await once(address, "listening");
  cleanUpAfter(t, () => void address.close());
  const bound = address.address();
  assert.ok(bound !== null && typeof bound === "object");
  const { code, stations, stdout } = await way.run("--ingest", `http://127.0.0.1:${bound.port}`);
  assert.deepEqual([code, stations], [1, stuckAt("received")]);
  assert.match(stdout, /not the process it was .* or several replicas share the address\n +→/);
});

test("says why udp-ingest has rejected it", async (t) => {
  const way = await startWay(t, { ingest: { UDP_ALLOWED_SOURCES: "10.11.12.13" } });
  const { code, stations, stdout, ms } = await way.run(...way.services, ...way.atBroker);
  assert.deepEqual([code, stations], [1, stuckAt("read")]);
  assert.match(stdout, /rejected it: source-not-allowed\n +→ .*UDP_ALLOWED_SOURCES/);
  assert.ok(ms < 8_000, `${ms} ms: it need not wait for what cannot come`);
});

test("says that a datagram is larger than udp-ingest takes", async (t) => {
  const way = await startWay(t, { ingest: { UDP_MAX_DATAGRAM_BYTES: "500" } });
  const { stations, stdout } = await way.run(...way.services, "--message", "x".repeat(500));
  assert.deepEqual(stations, stuckAt("read"));
  assert.match(stdout, /too-large\n +→ raise UDP_MAX_DATAGRAM_BYTES/);
});

test("says that it is kept and not stored while NATS is away", async (t) => {
  const way = await startWay(t);
  await way.nats.stop();
  const { code, stations, stdout } = await way.run(...way.services, ...way.atBroker, ...soon);
  assert.deepEqual([code, stations], [1, stuckAt("stored")]);
  assert.match(stdout, /keeps it, since NATS is away: .+\n +→ see whether NATS runs/);
});

test("says that it is not published while the broker is away", async (t) => {
  const way = await startWay(t);
  await way.broker.stop();
  await eventually(async () => assert.equal((await way.alerter.readyz()).status, 503));
  const { code, stations, stdout } = await way.run(...way.services, ...way.atBroker, ...soon);
  assert.deepEqual([code, stations], [1, stuckAt("published")]);
  assert.match(stdout, /waits for the broker: nobody listens .+\n +→ see to the broker/);
});

test("says that mqtt-alerter is gone", async (t) => {
  const way = await startWay(t);
  await way.alerter.stop();
  const { code, stations, stdout } = await way.run(...way.services, ...way.atBroker, ...soon);
  assert.deepEqual([code, stations], [1, stuckAt("published")]);
  assert.match(stdout, /does not answer \(ECONNREFUSED\)\n +→ see whether mqtt-alerter runs/);
});

test("says that the two services are not on the same NATS", async (t) => {
  const way = await startWay(t);
  const elsewhere = { NATS_URL: (await startNats(t)).url, MQTT_URL: way.broker.url };
  const other = await startService(t, "mqtt-alerter", elsewhere, { waitFor: "ready" });
  await way.alerter.stop();
  const { stations, stdout } = await way.run(
    "--ingest",
    await urlOf(way.ingest),
    "--alerter",
    await urlOf(other),
    ...soon,
  );
  assert.deepEqual(stations, stuckAt("published"));
  assert.match(stdout, /has not taken it from the stream\n +→ see whether NATS_URL, NATS_STREAM/);
});

test("says that it was published, and not on the topic that was asked for", async (t) => {
  const way = await startWay(t, { alerter: { TASK_FAILURE_TOPIC: "acme/a", TASK_FAILURE_FULL_TOPIC: "acme/b" } });
  const { code, stations, stdout } = await way.run(...way.services, ...way.atBroker, ...soon);
  assert.deepEqual([code, stations], [1, stuckAt("alert")]);
  assert.match(stdout, /acknowledged it, and says that nobody subscribes to its topic\n.*did not come on qliksense\/#/);
  assert.match(stdout, /→ see whether --broker is the broker of mqtt-alerter .*--topic/);
});

test("says that it was published, and not at the broker that was asked for", async (t) => {
  const way = await startWay(t);
  const other = await startMosquitto(t);
  const { code, stations } = await way.run(...way.services, "--broker", other.url, ...soon);
  assert.deepEqual([code, stations], [1, stuckAt("alert")]);
});
