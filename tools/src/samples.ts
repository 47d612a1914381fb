import { taskDatagram } from "@sense-alerts/test-alert";

/** A datagram that a Sense server could send, and the MQTT messages that should come of it. */
export interface Sample {
  readonly title: string;
  /** What happens before it is sent. */
  readonly before?: () => Promise<void>;
  readonly datagram: string | Uint8Array;
  readonly expected: readonly ExpectedMessage[];
  /** What to expect when no message does: why. */
  readonly silent?: string;
}

export interface ExpectedMessage {
  readonly topic: string;
  /** The whole payload of a basic message, or fields of a full one. */
  readonly payload: string | Readonly<Record<string, unknown>>;
}

const topics = {
  failed: ["qliksense/task_failure", "qliksense/task_failure_full"],
  aborted: ["qliksense/task_aborted", "qliksense/task_aborted_full"],
  succeeded: ["qliksense/task_success", "qliksense/task_success_full"],
} as const;

/** A basic message with the task name and a full one with these fields. */
export function alert(
  kind: keyof typeof topics,
  fields: Readonly<Record<string, unknown>>,
  basicPayload = String(fields["taskName"]),
): ExpectedMessage[] {
  const [basic, full] = topics[kind];
  return [
    { topic: basic, payload: basicPayload },
    { topic: full, payload: fields },
  ];
}

/** Ids that look real and differ from sample to sample. */
function id(kind: number, n: number): string {
  return `${kind}c7d41f0-5b2a-4e9c-8f61-${String(n).padStart(12, "0")}`;
}

let last = 0;

function tagged(title: string, kind: keyof typeof topics, fields: Parameters<typeof taskDatagram>[0]): Sample {
  last++;
  const names = { taskName: "Reload of Sales", appName: "Sales" };
  const all = { ...names, taskId: id(1, last), appId: id(2, last), executionId: id(3, last), ...fields };
  return {
    title,
    datagram: taskDatagram(all),
    expected: alert(kind, { taskName: all.taskName, appName: all.appName, executionId: all.executionId }),
  };
}

const duplicated = tagged("A task failed", "failed", { tag: "/scheduler-task-failed/" });

/** One of every kind, and some that trip simpler readers. */
export const samples: readonly Sample[] = [
  duplicated,
  tagged("A task was stopped", "aborted", {
    tag: "/scheduler-task-aborted/",
    logMessage: "Execution State Change to Aborting",
  }),
  tagged("A task succeeded, as older log appenders say it, with a doubled slash", "succeeded", {
    tag: "/scheduler-task-success//",
    logMessage: "Execution State Change to FinishedSuccess",
  }),
  tagged("A task succeeded", "succeeded", {
    tag: "/scheduler-task-success/",
    logMessage: "Execution State Change to FinishedSuccess",
  }),
  {
    title: "A distribute step ended",
    datagram: taskDatagram({
      tag: "/scheduler-distribute/",
      taskName: "Distribute Sales to cloud",
      appName: "",
      appId: "",
      executionId: id(3, 90),
      logMessage: "Exiting execute of Distribute task request.",
    }),
    expected: [],
    silent: "an event, and no alert: the datagram does not tell how it ended",
  },
  tagged("A reload failed, tag of Butler 5 to 14", "failed", { tag: "/scheduler-reload-failed/" }),
  tagged("A reload was stopped, tag of Butler 4 to 14", "aborted", { tag: "/scheduler-reload-aborted/" }),
  tagged("A reload succeeded, tag of Butler 9 to 14", "succeeded", {
    tag: "/scheduler-reloadtask-success/",
    logMessage: "Reload complete",
  }),
  tagged("A reload failed, another tag for it", "failed", { tag: "/scheduler-reloadtask-failed/" }),
  {
    title: "The engine says that a reload failed",
    datagram: `/engine-reload-failed/;sense1;${id(2, 91)};${id(4, 91)};ACME;anna;2026-11-20 06:30:01,120;ERROR;Reload failed in Engine.`,
    expected: [],
    silent: "an event, and no alert: the scheduler reports the task itself",
  },
  {
    title: "A reload failed, without a tag (Butler 4.2)",
    datagram: `sense1;Reload of Stock;Stock;ACME\\anna;${id(1, 92)};${id(2, 92)};2026-11-20 06:30:02,410;INFO;${id(3, 92)};Max retries reached`,
    expected: alert("failed", { taskName: "Reload of Stock", appName: "Stock", executionId: id(3, 92) }),
  },
  {
    title: "A reload failed, host, task, app and user only (Butler 1 to 4.1)",
    datagram: "sense1;Reload of Finance;Finance;ACME\\anna",
    expected: alert("failed", { taskName: "Reload of Finance", appName: "Finance", userId: "anna", executionId: "" }),
  },
  {
    title: "A reload failed, level and execution id grown together (Butler 4.2 RC)",
    datagram: `sense1;Reload of HR;HR;ACME\\anna;${id(1, 93)};${id(2, 93)};2026-11-20 06:30:03,120;INFO${id(3, 93)};Max retries reached`,
    expected: alert("failed", { taskName: "Reload of HR", logLevel: "INFO", executionId: id(3, 93) }),
  },
  {
    title: "Semicolons in the task name, the app name and the message",
    datagram: taskDatagram({
      taskName: "Reload of Sales; EMEA",
      appName: "Sales; EMEA",
      executionId: id(3, 94),
      logMessage: "Max retries reached; giving up",
    }),
    expected: alert("failed", {
      taskName: "Reload of Sales; EMEA",
      appName: "Sales; EMEA",
      ambiguousNames: true,
      logMessage: "Max retries reached; giving up",
    }),
  },
  {
    title: "A stack trace behind the message, line breaks and all",
    datagram: taskDatagram({
      executionId: id(3, 95),
      logMessage: "Max retries reachedSystem.TimeoutException: no answer; retry\r\n   at Scheduler.Run()\r\n",
    }),
    expected: alert("failed", {
      taskName: "Reload of Sales",
      logMessage: "Max retries reachedSystem.TimeoutException: no answer; retry\r\n   at Scheduler.Run()\r\n",
    }),
  },
  tagged("Names in any script", "failed", { taskName: "Reload försäljning – 日本 🤪", appName: "Übersicht" }),
  {
    title: "The same from a log appender without an encoding: bytes of a Windows code page",
    datagram: Buffer.from(
      taskDatagram({ taskName: "Reload försäljning", appName: "Übersicht", executionId: id(3, 96) }),
      "latin1",
    ),
    expected: alert("failed", { taskName: "Reload försäljning", appName: "Übersicht" }),
  },
  {
    title: "No app and no execution id: log4net prints (null)",
    datagram: taskDatagram({ taskName: "Preload Sales", appName: "(null)", appId: "(null)", executionId: "(null)" }),
    expected: alert("failed", { taskName: "Preload Sales", appName: "", appId: "", executionId: "" }),
  },
  {
    title: "The first datagram once more",
    datagram: duplicated.datagram,
    expected: [],
    silent: "a duplicate: the stream has this event already",
  },
  {
    title: "Something that is no datagram of Sense",
    datagram: "/no-such-tag/;a;b;c",
    expected: [],
    silent: "rejected as unknown-tag, counted, and its bytes kept on the subject sense.rejected",
  },
];
