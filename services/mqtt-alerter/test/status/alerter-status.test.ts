import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { composeMessages } from "../../src/alerts/alert-messages.js";
import { alertTopicsOf } from "../../src/alerts/alert-topics.js";
import type { RefusedTopic } from "../../src/mqtt/alert-publisher.js";
import { readSettings } from "../../src/settings.js";
import { createAlertJournal } from "../../src/status/alert-journal.js";
import { createAlerterStatus, type StatusLinks } from "../../src/status/alerter-status.js";
import { statusEvent, taskEvent } from "../fixtures/events.js";

const topics = alertTopicsOf(readSettings({ TASK_FAILURE_TOPIC: "sense/{taskName}/failed" }));
const event = taskEvent({ data: { logTimeStampUtc: "2024-04-12T05:33:03.508Z" } });

function statusAt(t: TestContext, detail: "full" | "counts" = "full") {
  t.mock.timers.enable({ apis: ["Date"], now: Date.parse(event.time) + 20 });
  const journal = createAlertJournal();
  const refused: RefusedTopic[] = [];
  const links: StatusLinks = {
    lanes: { basic: { pending: () => 1_234, inFlight: () => 2 }, full: { pending: () => 5, inFlight: () => 1 } },
    broker: { inFlight: () => 1, protocolVersion: () => 4, refusedTopics: () => refused },
  };
  const snapshot = createAlerterStatus({ detail, qos: 1, topics, journal, links });
  const publish = (of: Parameters<typeof composeMessages>[0]) => {
    const composed = composeMessages(of, topics);
    assert.ok(composed.ok);
    for (const message of composed.messages) journal.published(message, of);
  };
  const rows = (id: string) => snapshot().sections.find((section) => section.id === id)?.table?.rows;
  return { refused, journal, snapshot, publish, rows, nowMs: Date.now() };
}

test("shows the last alerts with topic, QoS and the times from receipt and from Sense to the PUBACK", (t) => {
  const { publish, rows, nowMs } = statusAt(t);
  publish(event);
  publish(statusEvent("start"));
  const times = [{ durationMs: 20 }, { durationMs: 73 }];
  const name = event.data.taskName;
  assert.deepEqual(rows("alerts"), [
    [
      { atMs: nowMs },
      "socket of udp-ingest, status",
      times[0],
      undefined,
      1,
      undefined,
      "qliksense/butler/task_failure_server",
    ],
    [{ atMs: nowMs }, "task failed, full", ...times, 1, name, "qliksense/task_failure_full"],
    [{ atMs: nowMs }, "task failed, basic", ...times, 1, name, `sense/${name}/failed`],
  ]);
  for (let n = 0; n < 60; n++) publish(event);
  assert.equal(rows("alerts")?.length, 50);
});

test("says nothing with counts that a datagram said, and the setting in place of the topic", (t) => {
  const { publish, snapshot } = statusAt(t, "counts");
  publish(event);
  const said = JSON.stringify(snapshot());
  const told = Object.values(event.data).filter((value) => typeof value === "string" && value.length > 4);
  for (const text of told) assert.ok(!said.includes(String(text)), String(text));
  assert.ok(said.includes("sense/{taskName}/failed") && said.includes("qliksense/task_failure_full"), said);
});

test("tells of the lag and of dead letters by reason", (t) => {
  const { journal, snapshot, rows, nowMs } = statusAt(t);
  assert.deepEqual(snapshot().troubles, []);
  for (const reason of ["not-json", "not-json", "packet-too-large"]) journal.deadLetter(reason);
  assert.deepEqual(rows("dead-letters"), [
    ["not-json", 2, { atMs: nowMs }],
    ["packet-too-large", 1, { atMs: nowMs }],
  ]);
  assert.match(snapshot().troubles?.[0]?.text ?? "", /could not be alerted since the start: 3\./);
  assert.match(
    JSON.stringify(snapshot().sections[0]),
    /1234\],\[[^\]]*,5\],\["Deliveries in flight",3\],\["Messages without their PUBACK",1\].*"3\.1\.1"/,
  );
});

test("names the topics that the broker refuses, unless only counts are shown", (t) => {
  for (const [detail, shown] of [
    ["full", /refuses: 1: a\/b \(it answers 0x87\)/],
    ["counts", /refuses: 1\. Other alerts/],
  ] as const) {
    const { refused, snapshot } = statusAt(t, detail);
    refused.push({ topic: "a/b", kind: "full", detail: "it answers 0x87" });
    assert.match(snapshot().troubles?.[0]?.text ?? "", shown);
    t.mock.timers.reset();
  }
});
