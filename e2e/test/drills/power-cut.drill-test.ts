import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import {
  eventually,
  jetStreamApi,
  natsServerIsAtLeast,
  startMosquitto,
  startNats,
  startService,
  subscribeMqtt,
} from "@sense-alerts/test-kit";
import { basicTopic, createSender, fullTopic, report } from "../../src/drill.js";
import { loopDisk } from "../../src/drills/loop-disk.js";
import { type Settled, settle } from "../../src/drills/settle.js";

const events = 3_000;
/** What docker-compose.yml runs NATS with; the store is on the disk of the drill. */
const shipped = readFileSync(new URL("../../../../tools/nats.conf", import.meta.url), "utf8").replace(
  /^\s*(port|http_port|store_dir):.*$/gm,
  "",
);
/** The alerter has delivered something by then, if there is anything left. */
const stallMs = 15_000;

/** Servers before 2.10 do not know the field, and so do not survive a power cut. */
const skip = natsServerIsAtLeast([2, 10]) ? false : "nats-server before 2.10 cannot sync what it acknowledges";

/**
 * udp-ingest has the acknowledgement of all events when the power of the only NATS server is cut, which goes on with
 * what its disk has. The alerter starts after that. Gives what it still delivers; undefined when no disk can be made
 * here.
 */
async function cutPower(t: TestContext, config: string): Promise<Settled | undefined> {
  const disk = loopDisk(t);
  if (typeof disk === "string") {
    t.skip(disk);
    return undefined;
  }
  const [nats, broker] = await Promise.all([startNats(t, { dir: disk.dir, config }), startMosquitto(t)]);
  const subscriber = await subscribeMqtt(t, { port: broker.port, topics: [basicTopic, fullTopic] });
  const env = { NATS_URL: nats.url, MQTT_URL: broker.url };
  const ingest = await startService(t, "udp-ingest", env, { waitFor: "ready" });
  const sender = createSender([await ingest.udpPort()]);
  await sender.send(events, 2_500);
  await eventually(
    async () => {
      const stored = await ingest.metric("sensealerts_ingest_events_total", { result: "stored" });
      assert.ok(stored >= events, `${stored} events are acknowledged`);
    },
    { timeoutMs: 60_000, what: "all acknowledgements" },
  );
  await nats.stop("SIGKILL");
  const copy = disk.copyAfterPowerCut();
  await startNats(t, { dir: copy.dir, config, port: nats.port });
  await startService(t, "mqtt-alerter", env, { waitFor: "ready" });
  return settle(subscriber, sender.sent, { api: jetStreamApi(nats.port), stallMs });
}

test("a power cut of the only NATS server that syncs always: every acknowledged event is alerted", {
  skip,
}, async (t) => {
  const result = await cutPower(t, shipped);
  if (result === undefined) return;
  const { unacknowledged, ...figures } = result;
  report(t, figures);
  assert.deepEqual({ delivered: figures.delivered, unacknowledged }, { delivered: events, unacknowledged: 0 });
});

test("the same with the server's default loses acknowledged events, or this drill proves nothing", {
  skip,
}, async (t) => {
  const result = await cutPower(t, "");
  if (result === undefined) return;
  const { unacknowledged, ...figures } = result;
  report(t, { ...figures, unacknowledged });
  assert.ok(figures.delivered < events, "nothing is lost: what is copied is not what a power cut leaves");
});
