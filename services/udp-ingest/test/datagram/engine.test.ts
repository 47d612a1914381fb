import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { decodeEvent, encodeEvent } from "@sense-alerts/event-contract";
import { appId, engineEvent, examples, rejection } from "./examples.js";

test("reads a failed reload in the engine, field by field", () => {
  const event = engineEvent(examples.E1);
  assert.deepEqual(event, {
    specversion: "1.0",
    id: `engine.reload-failed:sha256:${createHash("sha256").update(examples.E1).digest("hex")}`,
    source: "/udp-ingest/test",
    type: "sense.engine.reload-failed",
    time: "2024-04-12T05:33:04.012Z",
    datacontenttype: "application/json",
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    data: {
      hostName: "pro2-win1",
      appId,
      sessionId: "4e4f1c3a-0b9b-4c0f-9d0c-2f3c7f7b8d11",
      userDirectory: "LAB",
      userId: "goran",
      logTimeStamp: "2020-11-20 15:02:41,120",
      logLevel: "ERROR",
      logMessage: "Reload failed in Engine. Check engine or script logs.",
      logTimeStampUtc: null,
      sourceAddress: "192.0.2.17",
      sourcePort: 51234,
      wireFormat: "E1",
    },
  });
  assert.deepEqual(decodeEvent(encodeEvent(event)), { ok: true, event });
});

test("keeps the semicolons of an engine's user id and message", () => {
  const { data } = engineEvent(`/engine-reload-failed/;h;;s;LAB;go;ran;2020-11-20 15:02:41,120;ERROR;one; two;`);
  assert.deepEqual([data.userDirectory, data.userId], ["LAB", "go;ran"]);
  assert.deepEqual([data.logLevel, data.logMessage], ["ERROR", "one; two;"]);
});

test("does not take a user id that looks like a time for the time", () => {
  const { data } = engineEvent("/engine-reload-failed/;h;;s;LAB;2020-01-01 00:00:00;2020-11-20 15:02:41,120;ERROR;M");
  assert.deepEqual([data.userId, data.logTimeStamp], ["2020-01-01 00:00:00", "2020-11-20 15:02:41,120"]);
});

test("reads absent engine fields as empty, and any level", () => {
  const { data } = engineEvent("/ENGINE-reload-failed;(null);(null); ;(null);;2026-01-01T10:20:30Z;10;(null)");
  assert.deepEqual([data.hostName, data.appId, data.sessionId, data.userDirectory, data.userId], Array(5).fill(""));
  assert.deepEqual([data.logTimeStamp, data.logLevel, data.logMessage], ["2026-01-01T10:20:30Z", "10", ""]);
});

test("rejects an engine datagram with eight fields as too short", () => {
  assert.equal(rejection(`/engine-reload-failed/;h;${appId};s;LAB;goran;2020-11-20 15:02:41,120;ERROR`), "too-short");
});

test("rejects an engine datagram whose app id is no GUID, or that has no timestamp, as having no GUIDs", () => {
  assert.equal(rejection("/engine-reload-failed/;h;app;s;LAB;goran;2020-11-20 15:02:41,120;ERROR;M"), "no-guids");
  assert.equal(rejection(`/engine-reload-failed/;h;${appId};s;LAB;goran;today;ERROR;M`), "no-guids");
});
