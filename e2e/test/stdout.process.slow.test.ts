import assert from "node:assert/strict";
import { test } from "node:test";
import {
  eventually,
  freeTcpPort,
  type Service,
  startMosquitto,
  startNats,
  startService,
  subscribeMqtt,
} from "@sense-alerts/test-kit";
import { sendAlert } from "../src/alerts.js";

async function linkIs(service: Service, name: string, up: boolean): Promise<void> {
  await eventually(async () => {
    const { links } = (await service.readyz()).body as { links?: Record<string, { up: boolean }> };
    assert.equal(links?.[name]?.up, up, JSON.stringify(links));
  });
}

test("stdout is JSON lines and stderr empty through start, loss of each link, and stop", async (t) => {
  const [natsPort, brokerPort] = await Promise.all([freeTcpPort(), freeTcpPort()]);
  const env = {
    NATS_URL: `nats://127.0.0.1:${natsPort}`,
    MQTT_URL: `mqtt://127.0.0.1:${brokerPort}`,
    LOG_LEVEL: "trace",
    SHUTDOWN_TIMEOUT_SECONDS: "2",
  };
  const services = await Promise.all([
    startService(t, "udp-ingest", env, { waitFor: "http" }),
    startService(t, "mqtt-alerter", env, { waitFor: "http" }),
  ]);
  const [ingest, alerter] = services;
  await Promise.all([linkIs(ingest, "nats", false), linkIs(alerter, "nats", false)]);
  const [nats, broker] = await Promise.all([startNats(t, { port: natsPort }), startMosquitto(t, { port: brokerPort })]);
  const subscriber = await subscribeMqtt(t, { port: brokerPort, topics: ["#"] });
  await alerter.ready();
  await sendAlert(ingest, subscriber);

  await nats.stop("SIGKILL");
  await Promise.all(services.map((service) => linkIs(service, "nats", false)));
  await nats.start();
  await alerter.ready();

  await broker.stop("SIGKILL");
  await linkIs(alerter, "broker", false);
  await broker.start();
  await alerter.ready();
  await eventually(() => assert.equal(subscriber.grants(), 2));
  await sendAlert(ingest, subscriber);

  // The last stop of each is one without its servers.
  await Promise.all([nats.stop("SIGKILL"), broker.stop("SIGKILL")]);
  await Promise.all([linkIs(ingest, "nats", false), linkIs(alerter, "broker", false)]);
  const ends = await Promise.all(services.map((service) => service.stop()));
  assert.deepEqual(
    ends.map(({ code }) => code),
    [0, 0],
  );
  for (const service of services) {
    assert.deepEqual([service.badLines, service.stderr()], [[], ""]);
    const said = new Set(service.logs.map(({ msg }) => msg));
    for (const msg of ["service starting", "waiting for nats", "nats is there", "service stopped"]) {
      assert.ok(said.has(msg), `${service.name} has not logged "${msg}"`);
    }
    for (const line of service.logs) {
      assert.deepEqual([typeof line["level"], typeof line["time"], typeof line["msg"]], ["string", "string", "string"]);
    }
  }
});
