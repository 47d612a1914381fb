import type { TaskEvent } from "@sense-alerts/event-contract";

/** A failed task, as the reader would make it of a datagram. */
export const failedTask: TaskEvent = {
  specversion: "1.0",
  id: "task.failed:22b106a8-e7ed-4466-b700-014f060bef16:c073f112-4318-4d1f-ae82-14492aa0c35f",
  source: "/udp-ingest/ingest-1",
  type: "sense.task.failed",
  time: "2024-04-12T05:33:03.561Z",
  datacontenttype: "application/json",
  data: {
    hostName: "pro2-win1",
    user: "LAB\\goran",
    taskName: "Reload försäljning",
    taskId: "22b106a8-e7ed-4466-b700-014f060bef16",
    appName: "Sales",
    appId: "8f1d1ecf-97a6-4eb5-8f47-f9156300b854",
    logTimeStamp: "2024-04-12 07:33:03,508",
    logLevel: "INFO",
    executionId: "c073f112-4318-4d1f-ae82-14492aa0c35f",
    logMessage: "Max retries reached",
    userDirectory: "LAB",
    userId: "goran",
    logTimeStampUtc: null,
    sourceAddress: "10.0.4.21",
    sourcePort: 51_834,
    wireFormat: "S1",
  },
};
