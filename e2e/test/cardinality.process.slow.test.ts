import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { eventually, type Service, sendDatagrams, taskDatagram, uniqueName } from "@sense-alerts/test-kit";
import { short } from "../src/drill.js";
import { startStack } from "../src/stack.js";

/** Each like no other in all that a datagram may bring, in turns failed, stopped, unreadable and of no known tag. */
function strangers(count: number): string[] {
  const like = (tag: string) =>
    taskDatagram({
      tag,
      ...{ hostName: uniqueName("host"), user: `${uniqueName("DOMAIN")}\\${uniqueName("user")}` },
      ...{ taskName: uniqueName("task"), appName: uniqueName("app"), logMessage: uniqueName("message") },
      ...{ taskId: randomUUID(), appId: randomUUID(), executionId: randomUUID() },
    });
  const kinds = [
    () => like("/scheduler-task-failed/"),
    () => like("/scheduler-task-aborted/"),
    () => like(`/${uniqueName("tag")}/`),
    () => `/scheduler-task-failed/;${uniqueName("host")};${uniqueName("short")}`,
  ];
  return Array.from({ length: count }, (_, n) => kinds[n % kinds.length]?.() ?? "");
}

/** Without those of Node, which come and go with its handles. */
async function seriesOf(service: Service): Promise<string[]> {
  const lines = (await service.metrics()).split("\n").filter((line) => line.startsWith("sensealerts_"));
  return lines.map((line) => line.slice(0, line.lastIndexOf(" "))).sort();
}

test("thousands of hosts, users, tasks, apps and topics that nobody has seen before add no series", async (t) => {
  const { ingest, alerter } = await startStack(t, {
    alerterEnv: { TASK_FAILURE_TOPIC: "alerts/{hostName}/{taskName}", TASK_ABORTED_TOPIC: "alerts/{appId}" },
  });
  const port = await ingest.udpPort();
  const taken = (count: number) =>
    eventually(
      async () => {
        assert.equal(await ingest.metric("sensealerts_ingest_datagrams_received_total"), count);
        const done = await alerter.metric("sensealerts_alerter_events_total", { outcome: "done" });
        // Half of them are events, and one more is the start of the socket; each lane is done with each.
        assert.equal(done, 2 * (count / 2 + 1));
      },
      { timeoutMs: 60_000 },
    );

  await sendDatagrams(port, strangers(4));
  await taken(4);
  const before = await Promise.all([ingest, alerter].map(seriesOf));
  assert.ok(before.every((series) => series.length > 30));

  const count = short(2_000, 40_000);
  await sendDatagrams(port, strangers(count), { perSecond: 1_000 });
  await taken(4 + count);
  assert.deepEqual(await Promise.all([ingest, alerter].map(seriesOf)), before);
});
