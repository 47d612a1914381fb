import assert from "node:assert/strict";
import type { EngineEvent, TaskEvent } from "@sense-alerts/event-contract";
import type { Reading, ReceivedDatagram } from "../../src/datagram/datagram.js";
import { createDatagramReader } from "../../src/datagram/reader.js";

export const taskId = "22b106a8-e7ed-4466-b700-014f060bef16";
export const appId = "8f1d1ecf-97a6-4eb5-8f47-f9156300b854";
export const executionId = "c073f112-4318-4d1f-ae82-14492aa0c35f";
export const otherGuid = "550e8400-e29b-41d4-a716-446655440000";
export const loggedAt = "2024-04-12 07:33:03,508";
export const receivedAtMs = Date.UTC(2024, 3, 12, 5, 33, 4, 12);

/** From the task id to the `;` in front of the message: what no free text holds. */
export const anchors = `${taskId};${appId};${loggedAt};INFO;${executionId};`;

/** One datagram of each wire format, as Sense servers send them. */
export const examples = {
  S1: `/scheduler-task-failed/;pro2-win1;Reload of Test failing reloads 1;Test failing reloads 1;LAB\\goran;${anchors}Max retries reached`,
  S2: String.raw`/scheduler-task-aborted/;pro2-win1;Reload of Operations;Operations;LAB\goran;dec2a02a-1680-44ef-8dc2-e2bfb180af87;e7af59a0-c243-480d-9571-08727551a66f;2024-03-15 10:11:12,123;INFO;14a81bf5-f81c-4047-b1a1-193b0920de28;Execution State Change to Aborting`,
  S3: String.raw`/scheduler-task-success//;pro2-win1;Reload of Operations;Operations;INTERNAL\sa_scheduler;dec2a02a-1680-44ef-8dc2-e2bfb180af87;e7af59a0-c243-480d-9571-08727551a66f;2025-12-11 05:02:41,877;INFO;5a0c1e7d-96b3-4d1f-a2c8-7e4f3b2a1c0d;Execution State Change to FinishedSuccess`,
  S4: String.raw`/scheduler-task-success/;pro2-win1;Reload of Operations;Operations;INTERNAL\sa_scheduler;dec2a02a-1680-44ef-8dc2-e2bfb180af87;e7af59a0-c243-480d-9571-08727551a66f;2025-12-11 05:02:41,877;INFO;5a0c1e7d-96b3-4d1f-a2c8-7e4f3b2a1c0d;Execution State Change to FinishedSuccess`,
  S5: String.raw`/scheduler-distribute/;pro2-win2;Distribute Sales to cloud;;INTERNAL\sa_scheduler;0b7e4d3c-2f1a-4c5b-8d9e-1a2b3c4d5e6f;;2025-12-11 05:10:00,002;INFO;9c8b7a6d-5e4f-4a3b-9c2d-1e0f9a8b7c6d;Exiting execute of Distribute task request.`,
  S6: String.raw`/scheduler-reload-failed/;pro2-win1;Manually triggered reload of Test failing reloads 2;Test failing reloads 2;LAB\goran;dec2a02a-1680-44ef-8dc2-e2bfb180af87;e7af59a0-c243-480d-9571-08727551a66f;2021-02-16 09:24:59,099;INFO;14a81bf5-f81c-4047-b1a1-193b0920de28;Max retries reached`,
  S7: String.raw`/scheduler-reload-aborted/;pro2-win1;Reload of Operations;Operations;LAB\goran;dec2a02a-1680-44ef-8dc2-e2bfb180af87;e7af59a0-c243-480d-9571-08727551a66f;2024-03-15 10:11:12,123;INFO;14a81bf5-f81c-4047-b1a1-193b0920de28;Execution State Change to Aborting`,
  S8: String.raw`/scheduler-reloadtask-success/;pro2-win1;Reload of Operations;Operations;INTERNAL\sa_scheduler;dec2a02a-1680-44ef-8dc2-e2bfb180af87;e7af59a0-c243-480d-9571-08727551a66f;2023-12-14 05:02:41,877;INFO;5a0c1e7d-96b3-4d1f-a2c8-7e4f3b2a1c0d;Reload complete`,
  S9: `/scheduler-reloadtask-failed/;pro2-win1;Reload of Test failing reloads 1;Test failing reloads 1;LAB\\goran;${anchors}Max retries reached`,
  E1: `/engine-reload-failed/;pro2-win1;${appId};4e4f1c3a-0b9b-4c0f-9d0c-2f3c7f7b8d11;LAB;goran;2020-11-20 15:02:41,120;ERROR;Reload failed in Engine. Check engine or script logs.`,
  L1: `pro2-win1;Reload of Test failing reloads 1;Test failing reloads 1;LAB\\goran;${anchors}Max retries reached`,
  L2: "pro2-win1;Reload of Test failing reloads 1;Test failing reloads 1;LAB\\goran",
  L3: `pro2-win1;Reload of Test failing reloads 1;Test failing reloads 1;LAB\\goran;${taskId};${appId};2020-11-05 15:02:41,120;INFO${executionId};Max retries reached`,
} as const;

export function received(payload: string | Buffer, receivedAt = receivedAtMs): ReceivedDatagram {
  return {
    bytes: Buffer.from(payload),
    address: "192.0.2.17",
    port: 51234,
    receivedAtMs: receivedAt,
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  };
}

const read = createDatagramReader({
  eventSource: "/udp-ingest/test",
  fallbackEncoding: "windows-1252",
  senseTimezone: undefined,
});

/** What a reader with the default settings says of a datagram. */
export function reading(payload: string | Buffer): Reading {
  return read(received(payload));
}

/** The task event that a datagram must become. */
export function taskEvent(payload: string | Buffer): TaskEvent {
  const { event } = success(payload);
  assert.ok(event.type !== "sense.engine.reload-failed", "an engine event");
  return event;
}

/** The engine event that a datagram must become. */
export function engineEvent(payload: string | Buffer): EngineEvent {
  const { event } = success(payload);
  assert.ok(event.type === "sense.engine.reload-failed", `a task event: ${event.type}`);
  return event;
}

/** The reason why a datagram must be turned away. */
export function rejection(payload: string | Buffer): string {
  const result = reading(payload);
  return result.ok ? `event ${result.event.type} in ${result.event.data.wireFormat}` : result.reason;
}

function success(payload: string | Buffer): Reading & { ok: true } {
  const result = reading(payload);
  assert.ok(result.ok, result.ok ? "" : `rejected: ${result.reason}`);
  return result;
}

/** A failed task with the given text between the tag and the task id. */
export function failed(before: string, message = "Max retries reached"): string {
  return `/scheduler-task-failed/;${before};${anchors}${message}`;
}

/** A failed task with the given text from the task id on. */
export function failedWith(after: string): string {
  return `/scheduler-task-failed/;pro2-win1;Reload of Sales;Sales;LAB\\goran;${after}`;
}
