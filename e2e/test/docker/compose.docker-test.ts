import assert from "node:assert/strict";
import { before, test } from "node:test";
import { eventually, type MqttSubscription, readMetric, sendDatagrams, subscribeMqtt } from "@sense-alerts/test-kit";
import { newTask } from "../../src/alerts.js";
import {
  buildImages,
  type Compose,
  composeProject,
  docker,
  imageCanBeHad,
  inspect,
  requireEngine,
} from "../../src/docker.js";

before(async () => {
  requireEngine();
  await buildImages();
});

const slow = { timeoutMs: 90_000, intervalMs: 500 };
const serviceNames = ["udp-ingest", "mqtt-alerter"] as const;

/** The containers of a service, once there are so many and all are healthy. */
async function healthy(compose: Compose, service: string, count: number): Promise<string[]> {
  return eventually(async () => {
    const ids = await compose.containers(service);
    const states = await Promise.all(ids.map(async (id) => (await inspect(id)).State));
    assert.deepEqual(
      states.map(({ Health }) => Health?.Status),
      Array.from({ length: count }, () => "healthy"),
    );
    return ids;
  }, slow);
}

/** Sends failed tasks to the published UDP port; resolves to their names. */
async function send(compose: Compose, count: number, perSecond: number): Promise<string[]> {
  const tasks = Array.from({ length: count }, () => newTask());
  const datagrams = tasks.map(({ datagram }) => datagram);
  await sendDatagrams(compose.udpPort, datagrams, { perSecond });
  return tasks.map(({ taskName }) => taskName);
}

/** Waits for the basic message of each task; resolves to how many came more than once. */
async function allAlerted(subscriber: MqttSubscription, taskNames: readonly string[]): Promise<number> {
  return eventually(() => {
    const came = subscriber.messages.filter(({ topic }) => topic === "qliksense/task_failure").map(({ text }) => text);
    const missing = taskNames.filter((name) => !came.includes(name));
    assert.equal(missing.length, 0, `${missing.length} of ${taskNames.length} are missing`);
    return came.filter((name) => taskNames.includes(name)).length - taskNames.length;
  }, slow);
}

/** Kills the service's process inside its container, as a crash would; PID 1 there is docker's init. */
async function crash(container: string): Promise<void> {
  const script = `const fs = require("fs");
    for (const pid of fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name) && name !== String(process.pid))) {
      if (/^node\\0.*dist\\/src\\/main\\.js/.test(fs.readFileSync("/proc/" + pid + "/cmdline", "utf8"))) process.kill(pid, "SIGKILL");
    }`;
  await docker("exec", container, "node", "-e", script).catch(() => undefined);
}

test("the demo shows an alert for every kind of datagram within a minute", async (t) => {
  const topics = { TASK_SUCCESS_TOPIC: "qliksense/task_success", TASK_SUCCESS_SEND_FULL: "true" };
  const compose = await composeProject(t, ["demo"], topics);
  const startMs = performance.now();
  await compose.run("up", "-d", "--no-build");
  const shown = await eventually(async () => {
    const text = await compose.run("logs", "--no-color", "subscriber");
    for (const kind of ["failure", "aborted", "success"]) {
      assert.match(text, new RegExp(`qliksense/task_${kind}  Reload of Sales`));
      assert.match(text, new RegExp(`qliksense/task_${kind}_full  \\{"hostName":"sense1"`));
    }
    assert.match(text, /qliksense\/mqtt-alerter\/[0-9a-f]{12}\/status {2}online/);
    assert.match(text, /Reload försäljning – 日本/);
    return performance.now() - startMs;
  }, slow);
  t.diagnostic(`all kinds after ${Math.round(shown / 1000)} s`);
  assert.ok(shown < 60_000, `${shown} ms`);
});

test("containers are as locked up as the file says", async (t) => {
  const compose = await composeProject(t, ["demo"]);
  await compose.run("up", "-d", "--no-build");
  for (const service of serviceNames) {
    const [id = ""] = await healthy(compose, service, 1);
    const { HostConfig } = await inspect(id);
    assert.equal(HostConfig.ReadonlyRootfs, true);
    assert.deepEqual(HostConfig.CapDrop, ["ALL"]);
    assert.ok(HostConfig.SecurityOpt.some((option) => option.startsWith("no-new-privileges")));
    assert.equal(HostConfig.Init, true);
    assert.ok(HostConfig.Memory > 0 && HostConfig.PidsLimit > 0);
    const status = await docker("exec", id, "node", "-p", "require('fs').readFileSync('/proc/self/status', 'utf8')");
    assert.match(status, /^Uid:\t10001\t10001\t/m);
    assert.match(status, /^CapEff:\t0+$/m);
    await assert.rejects(docker("exec", id, "node", "-e", "require('fs').writeFileSync('/app/x', '')"), /EROFS/);
    assert.match(await docker("exec", id, "node", "dist/src/commands/healthcheck.js", "/livez"), /\S/);
  }
});

test("alerters are scaled with no edit, containers crash and NATS restarts, and each alert reaches the broker", async (t) => {
  const compose = await composeProject(t, ["demo"]);
  await compose.run("up", "-d", "--no-build", "nats", "mosquitto", "udp-ingest", "mqtt-alerter");
  await healthy(compose, "mqtt-alerter", 1);
  const [ingest = ""] = await healthy(compose, "udp-ingest", 1);
  const subscriber = await subscribeMqtt(t, { port: compose.mqttPort, topics: ["#"] });
  assert.equal(await allAlerted(subscriber, await send(compose, 20, 100)), 0);

  await compose.run("up", "-d", "--no-build", "--no-recreate", "--scale", "mqtt-alerter=3", "mqtt-alerter");
  const alerters = await healthy(compose, "mqtt-alerter", 3);
  assert.equal(await allAlerted(subscriber, await send(compose, 300, 300)), 0);

  const sending = send(compose, 1_000, 200);
  await crash(alerters[0] ?? "");
  await compose.run("restart", "nats");
  const repeats = await allAlerted(subscriber, await sending);
  t.diagnostic(`1,000 sent while an alerter crashed and NATS restarted: 1,000 alerted, ${repeats} repeats`);
  await eventually(async () => assert.equal((await inspect(alerters[0] ?? "")).RestartCount, 1), slow);

  await crash(ingest);
  await eventually(async () => assert.equal((await inspect(ingest)).RestartCount, 1), slow);
  await healthy(compose, "udp-ingest", 1);
  await allAlerted(subscriber, await send(compose, 20, 100));
});

test("a stop under load ends both services with code 0, and what they took in is delivered after the next start", async (t) => {
  const compose = await composeProject(t, ["demo"]);
  await compose.run("up", "-d", "--no-build", "nats", "mosquitto", "udp-ingest", "mqtt-alerter");
  const [alerter = ""] = await healthy(compose, "mqtt-alerter", 1);
  const [ingest = ""] = await healthy(compose, "udp-ingest", 1);
  const subscriber = await subscribeMqtt(t, { port: compose.mqttPort, topics: ["#"] });
  // Docker's own proxy carries what comes from this machine, and drops what is too fast for it.
  const taskNames = await send(compose, 1_000, 500);
  await eventually(async () => {
    const metrics = await docker("exec", ingest, "node", "dist/src/commands/healthcheck.js", "/metrics");
    assert.equal(readMetric(metrics, "sensealerts_ingest_datagrams_received_total"), 1_000);
  }, slow);
  await compose.run("stop", "udp-ingest", "mqtt-alerter");
  for (const id of [ingest, alerter]) {
    const { State } = await inspect(id);
    assert.deepEqual([State.Status, State.ExitCode], ["exited", 0]);
  }
  await compose.run("start", "udp-ingest", "mqtt-alerter");
  assert.equal(await allAlerted(subscriber, taskNames), 0);
});

test("two instances of udp-ingest share a range of ports", async (t) => {
  const first = 21_000 + Math.floor(Math.random() * 1_000) * 2;
  const compose = await composeProject(t, ["demo"], { UDP_PUBLISH: `${first}-${first + 1}` });
  const names = ["nats", "mosquitto", "udp-ingest", "mqtt-alerter"];
  await compose.run("up", "-d", "--no-build", "--scale", "udp-ingest=2", ...names);
  await healthy(compose, "udp-ingest", 2);
  await healthy(compose, "mqtt-alerter", 1);
  const subscriber = await subscribeMqtt(t, { port: compose.mqttPort, topics: ["#"] });
  const tasks = Array.from({ length: 50 }, () => newTask());
  const datagrams = tasks.map(({ datagram }) => datagram);
  // Two appenders on each Sense server: both instances get every datagram.
  await Promise.all([first, first + 1].map((port) => sendDatagrams(port, datagrams, { perSecond: 100 })));
  const repeats = await allAlerted(
    subscriber,
    tasks.map(({ taskName }) => taskName),
  );
  assert.equal(repeats, 0);
});

test("the profile monitoring collects the metrics of every instance", async (t) => {
  const compose = await composeProject(t, ["monitoring"]);
  await compose.run("up", "-d", "--no-build", "--scale", "mqtt-alerter=2", "mqtt-alerter", "udp-ingest", "prometheus");
  await eventually(async () => {
    const url = `http://127.0.0.1:${compose.prometheusPort}/api/v1/query?query=sensealerts_build_info`;
    const { data } = (await (await fetch(url)).json()) as { data: { result: { metric: { service: string } }[] } };
    const services = data.result.map(({ metric }) => metric.service).toSorted();
    assert.deepEqual(services, ["mqtt-alerter", "mqtt-alerter", "udp-ingest"]);
  }, slow);
});

const withoutGrafana = !imageCanBeHad("grafana/grafana:12.1.1") && "the image of Grafana cannot be pulled here";

test("the profile monitoring shows the dashboard to anyone who looks", { skip: withoutGrafana }, async (t) => {
  const compose = await composeProject(t, ["monitoring"]);
  await compose.run("up", "-d", "--no-build", "prometheus", "grafana");
  await eventually(async () => {
    const response = await fetch(`http://127.0.0.1:${compose.grafanaPort}/api/dashboards/uid/sense-alerts`);
    assert.equal(response.status, 200);
    const { meta } = (await response.json()) as { meta: { provisioned: boolean; canSave: boolean } };
    assert.deepEqual([meta.provisioned, meta.canSave], [true, false]);
  }, slow);
});

for (const profiles of [[], ["demo"], ["monitoring"], ["demo", "monitoring"]]) {
  test(`compose accepts the file with ${profiles.length === 0 ? "no profile" : profiles.join(" and ")}`, async (t) => {
    const compose = await composeProject(t, profiles);
    const text = await compose.run("config");
    for (const service of ["nats:", "udp-ingest:", "mqtt-alerter:"]) assert.ok(text.includes(service));
  });
}
