import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { eventually, freeTcpPort, freeUdpPort, sendDatagram, startService, taskDatagram } from "@sense-alerts/test-kit";
import { type Servers, startServers, startStack } from "../src/stack.js";

const hostile = [
  "a/b/../+/#/$SYS/broker",
  '\n{"level":"fatal","msg":"forged"}\n',
  "x\r\n[2026-11-20 06:30:01.114 +0000] FATAL: forged\r\n",
  "\u001b[2K\u001b[1A\u001b[31mforged\u001b]0;forged\u0007\u009b2K",
  '<script>alert("forged")</script><img src=x onerror=alert(1)>',
  "forged\u0000\u0085\u2028\u2029\u202eforged\u007f\b\b\b\b",
  "{taskId}{hostName}%s%j%o",
];
const topics = {
  TASK_FAILURE_TOPIC: "q/{hostName}/{taskName}/{appName}/basic",
  TASK_FAILURE_FULL_TOPIC: "q/{hostName}/{taskName}/{appName}/full",
};

/**
 * Sends each hostile text as every name and as the log message, and as what is no datagram of ours; waits until all is
 * through.
 */
async function sendHostile({ subscriber, nats }: Servers, udpPort: number): Promise<void> {
  const executionIds = hostile.map(() => randomUUID());
  for (const [index, text] of hostile.entries()) {
    const names = { hostName: text, taskName: text, appName: text, user: text, logMessage: text };
    await sendDatagram(udpPort, taskDatagram({ ...names, executionId: executionIds[index] ?? "" }));
    await sendDatagram(udpPort, `/${text}/;${text};${text}`);
  }
  await eventually(async () => {
    const eventIds = subscriber.messages.map(({ userProperties }) => userProperties["eventId"] ?? "");
    for (const [index, executionId] of executionIds.entries()) {
      assert.equal(eventIds.filter((id) => id.endsWith(executionId)).length, 2, hostile[index]);
    }
    assert.equal((await nats.stream("SENSE_REJECTED"))?.state.messages, hostile.length);
  });
}

test("no name adds a level to a topic, forges a line of the log, or is more than text on a page", async (t) => {
  const stack = await startStack(t, { env: { LOG_LEVEL: "trace" }, alerterEnv: topics });
  const { subscriber, ingest, alerter } = stack;
  await sendHostile(stack, await ingest.udpPort());
  const alerts = subscriber.messages.filter(({ topic }) => topic.startsWith("q/"));
  assert.equal(alerts.length, 2 * hostile.length);
  for (const { topic } of alerts) {
    assert.equal(topic.split("/").length, 5, topic);
    assert.doesNotMatch(topic, /[+#\p{Cc}]/u);
  }
  for (const service of [ingest, alerter]) {
    for (const path of ["/metrics", "/readyz"]) {
      const body = await (await service.get(path)).text();
      assert.doesNotMatch(body, /forged|<script|<img/, `${service.name} ${path}`);
    }
    const page = await (await service.get("/")).text();
    assert.match(page, /&#60;script&#62;alert\(&#34;forged/, service.name);
    assert.doesNotMatch(page, /<script(?! type="module" src="\/status\.js")|<img|(?!\n)\p{Cc}|[\u2028-\u202e]/u);
    await service.stop();
    assert.deepEqual([service.badLines, service.stderr()], [[], ""]);
    const forged = service.logs.filter(({ level, msg }) => level === "fatal" || String(msg).includes("forged"));
    assert.deepEqual(forged, []);
  }
  const logged = alerter.logs.filter(({ topic }) => String(topic).includes("forged"));
  assert.notEqual(logged.length, 0, "the names were in the log");
});

test("no name forges a line or commands the terminal when the log is for human eyes", async (t) => {
  const servers = await startServers(t);
  const env = { ...servers.env, LOG_LEVEL: "trace", LOG_PRETTY: "true" };
  const [udpPort, httpPort] = await Promise.all([freeUdpPort(), freeTcpPort()]);
  const [ingest, alerter] = await Promise.all([
    startService(t, "udp-ingest", { ...env, UDP_PORT: String(udpPort), HTTP_PORT: String(httpPort) }),
    startService(t, "mqtt-alerter", { ...env, ...topics }),
  ]);
  await eventually(async () => assert.equal((await fetch(`http://127.0.0.1:${httpPort}/readyz`)).status, 200));
  await sendHostile(servers, udpPort);
  for (const service of [ingest, alerter]) {
    await service.stop();
    const lines = service.badLines;
    const ofItsOwn = lines.filter((line) => /^\S/.test(line));
    assert.ok(ofItsOwn.some((line) => line.includes("service stopped")));
    for (const line of lines) assert.doesNotMatch(line, /\p{Cc}/u);
    for (const line of ofItsOwn) assert.match(line, /^\[[^\]]+\] [A-Z]+: [a-z0-9 :;',()-]+$/i);
    assert.deepEqual(
      ofItsOwn.filter((line) => line.includes("forged")),
      [],
    );
  }
});
