import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type Environment,
  eventually,
  freeTcpPort,
  freeUdpPort,
  runToExit,
  type Service,
  type ServiceName,
  sendDatagram,
  startService,
} from "@sense-alerts/test-kit";
import { alertOf, newTask, sendAlert } from "../src/alerts.js";
import { noIpv6 } from "../src/ipv6.js";
import { startServers, startStack } from "../src/stack.js";
import { subscribeNats } from "../src/subscribe-nats.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const services: readonly ServiceName[] = ["udp-ingest", "mqtt-alerter"];
const { nats, subscriber, env } = await startServers(file);

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  await response.text();
  return response.status;
}

for (const name of services) {
  test(`HTTP_HOST and HTTP_PORT of ${name} are where it answers, and it answers nowhere else`, {
    skip: noIpv6,
  }, async (t) => {
    const port = await freeTcpPort();
    await startService(t, name, { ...env, HTTP_HOST: "::1", HTTP_PORT: String(port) });
    await eventually(async () => assert.equal(await statusOf(`http://[::1]:${port}/livez`), 200));
    await assert.rejects(statusOf(`http://127.0.0.1:${port}/livez`), { message: "fetch failed" });
  });

  test(`HTTP_PORT of ${name} that is taken ends it with code 1 and words that name the setting`, async (t) => {
    const taken = createServer().listen(0, "127.0.0.1");
    t.after(() => taken.close());
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const { code, stdout } = await runToExit(t, name, { ...env, HTTP_PORT: String(port) });
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`"level":"fatal".*port ${port} .*is taken.*HTTP_PORT`));
  });

  test(`INSTANCE_ID of ${name} is its host's name unless set`, async (t) => {
    const service = await startService(t, name, env, { waitFor: "http" });
    assert.equal(service.logs[0]?.["instance"], hostname());
  });
}

test("INSTANCE_ID is in the events, in every log line, on the status pages, on the status topic and in the client id", async (t) => {
  const onNats = await subscribeNats(t, nats.port, "named.>");
  const own = { ...env, NATS_STREAM: "NAMED", NATS_SUBJECT_PREFIX: "named" };
  const [ingest, alerter] = await Promise.all([
    startService(t, "udp-ingest", { ...own, INSTANCE_ID: "ingest-7" }, { waitFor: "ready" }),
    startService(t, "mqtt-alerter", { ...own, INSTANCE_ID: "alerter.8" }, { waitFor: "ready" }),
  ]);
  await sendAlert(ingest, subscriber);
  await sendDatagram(await ingest.udpPort(), "/no-such-tag/;a;b");
  await eventually(() => {
    const rejected = onNats.messages.find(({ subject }) => subject === "named.rejected");
    assert.equal(rejected?.headers["Sense-Instance"], "ingest-7");
  });
  const events = onNats.messages.filter(({ subject }) => subject !== "named.rejected");
  const sources = events.map(({ payload }) => JSON.parse(payload.toString()).source);
  assert.deepEqual(new Set(sources), new Set(["/udp-ingest/ingest-7"]));
  await eventually(() => {
    const status = subscriber.messages.find(({ topic }) => topic === "qliksense/mqtt-alerter/alerter.8/status");
    assert.equal(status?.text, "online");
  });
  const there = alerter.logs.find((line) => line["msg"] === "connected to the broker");
  assert.match(String(there?.["clientId"]), /^mqtt-alerter-alerter\.8-[0-9a-f]{8}$/);
  for (const [service, instance] of [[ingest, "ingest-7"] as const, [alerter, "alerter.8"] as const]) {
    assert.deepEqual(new Set(service.logs.map((line) => line["instance"])), new Set([instance]));
    assert.match(await (await service.get("/")).text(), new RegExp(instance));
  }
});

const levels = ["trace", "debug", "info", "warn", "error", "fatal"];
const logLevels = [
  { level: "debug", has: ["debug", "info"] },
  { level: "info", has: ["info"] },
  { level: "WARN", has: ["warn"] },
  { level: "error", has: [] },
  { level: "silent", has: [] },
];
for (const { level, has } of logLevels) {
  test(`LOG_LEVEL=${level} logs nothing less severe, and alerts go out all the same`, async (t) => {
    const udpPort = await freeUdpPort();
    const both = { ...env, LOG_LEVEL: level };
    // QoS 0 is worth a warning.
    const [ingest, alerter] = await startAtFixedPorts(t, both, { UDP_PORT: String(udpPort) }, { MQTT_QOS: "0" });
    const { taskName, datagram } = newTask();
    await sendDatagram(udpPort, datagram);
    await alertOf(subscriber, taskName);
    const seen = new Set([...ingest.logs, ...alerter.logs].map((line) => String(line["level"])));
    for (const expected of has) assert.ok(seen.has(expected), `logs ${[...seen].join()}`);
    const least = levels.includes(level.toLowerCase()) ? levels.indexOf(level.toLowerCase()) : levels.length;
    assert.deepEqual(
      [...seen].filter((found) => levels.indexOf(found) < least),
      [],
    );
  });
}

/** Both services, ready, without asking their logs for their ports. */
async function startAtFixedPorts(
  t: Parameters<typeof startService>[0],
  both: Environment,
  ingestEnv: Environment,
  alerterEnv: Environment,
): Promise<[Service, Service]> {
  const start = async (name: ServiceName, own: Environment) => {
    const port = await freeTcpPort();
    const service = await startService(t, name, { ...both, ...own, HTTP_PORT: String(port) });
    await eventually(async () => assert.equal(await statusOf(`http://127.0.0.1:${port}/readyz`), 200));
    return service;
  };
  return Promise.all([start("udp-ingest", ingestEnv), start("mqtt-alerter", alerterEnv)]);
}

for (const pretty of ["true", "false", "auto"]) {
  test(`LOG_PRETTY=${pretty} logs ${pretty === "true" ? "for human eyes" : "JSON where no terminal is"}`, async (t) => {
    const [ingest, alerter] = await startAtFixedPorts(t, { ...env, LOG_PRETTY: pretty }, {}, {});
    for (const service of [ingest, alerter]) {
      if (pretty === "true") {
        assert.deepEqual(service.logs, []);
        assert.match(service.badLines.join("\n"), /INFO.*: service started\n {4}startMs: \d+/);
      } else {
        assert.deepEqual(service.badLines, []);
        assert.ok(service.logs.some((line) => line["msg"] === "service started"));
      }
    }
  });
}

for (const pretty of ["auto", "false"]) {
  const what = `LOG_PRETTY=${pretty} logs ${pretty === "auto" ? "for human eyes" : "JSON"} on a terminal`;
  test(what, { skip: process.platform !== "linux" }, () => {
    const main = fileURLToPath(new URL("../../../services/udp-ingest/dist/src/main.js", import.meta.url));
    // An address that no machine has ends it. `script` gives it a terminal.
    const wrong = { ...env, HTTP_HOST: "192.0.2.1", PATH: process.env["PATH"], LOG_PRETTY: pretty };
    const command = `${JSON.stringify(process.execPath)} ${JSON.stringify(main)}`;
    const options = { env: wrong, encoding: "utf8", timeout: 20_000 } as const;
    const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], options);
    assert.match(stdout, pretty === "auto" ? /INFO.*service starting/ : /^\{"level":"info".*"service starting"\}/m);
    assert.equal(/^\{"level"/m.test(stdout), pretty === "false");
  });
}

test("a variable that is blank counts as unset", async (t) => {
  const blank = {
    HTTP_HOST: "",
    LOG_LEVEL: "",
    NATS_STREAM: " ",
    NATS_USER: "",
    NATS_PASSWORD_FILE: "",
    INSTANCE_ID: "",
  };
  const stack = await startStack(t, {
    env: blank,
    ingestEnv: { UDP_HOST: "", UDP_ALLOWED_SOURCES: "", SENSE_TIMEZONE: "" },
    alerterEnv: { MQTT_QOS: "", MQTT_PASSWORD: "", TASK_FAILURE_TOPIC: "" },
  });
  const { basic } = await sendAlert(stack.ingest, stack.subscriber);
  assert.equal(basic.topic, "qliksense/task_failure");
  const listening = (message: string) => stack.ingest.logs.find((line) => line["msg"] === message);
  assert.equal(listening("http server listening")?.["host"], "0.0.0.0");
  assert.equal(listening("udp socket listening")?.["address"], "0.0.0.0");
});
