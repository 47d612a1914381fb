import { randomUUID } from "node:crypto";
import { taskDatagram } from "./task-datagram.js";

export const kinds = ["failed", "aborted", "success", "distribute", "engine"] as const;

export type Kind = (typeof kinds)[number];

/** What the services make of each, and what Sense's schedulers write when it happens. */
const facts = {
  failed: { type: "sense.task.failed", tag: "/scheduler-task-failed/", says: "Max retries reached" },
  aborted: {
    type: "sense.task.aborted",
    tag: "/scheduler-task-aborted/",
    says: "Execution State Change to Aborting",
  },
  success: {
    type: "sense.task.succeeded",
    tag: "/scheduler-task-success/",
    says: "Execution State Change to FinishedSuccess",
  },
  distribute: {
    type: "sense.task.distributed",
    tag: "/scheduler-distribute/",
    says: "Exiting execute of Distribute task request.",
  },
  engine: { type: "sense.engine.reload-failed", tag: "/engine-reload-failed/", says: "Reload failed in Engine." },
} as const;

export type TestAlert = {
  readonly kind: Kind;
  /** The type of the event that becomes of it. */
  readonly type: string;
  readonly taskName: string;
  /** A new one each time, so that no test alert is a duplicate of another, and each is known again at the broker. */
  readonly executionId: string;
  readonly datagram: string;
};

export type TestAlertFields = {
  readonly kind: Kind;
  readonly taskName: string | undefined;
  readonly message: string | undefined;
};

/**
 * A datagram that a Sense server could have sent at that time, but for the names in it, which say that it is a test.
 */
export function createTestAlert({ kind, taskName, message }: TestAlertFields, time: Date): TestAlert {
  const { type, tag, says } = facts[kind];
  const executionId = randomUUID();
  const fields = {
    tag,
    hostName: "send-test-alert",
    // A broker of MQTT 3.1.1 hands on the name alone: it has to tell this test from others.
    taskName: taskName ?? `Test alert ${executionId.slice(0, 8)}`,
    appName: kind === "distribute" ? "" : "Test of sense-alerts",
    user: "TEST\\send-test-alert",
    taskId: randomUUID(),
    appId: kind === "distribute" ? "" : randomUUID(),
    logTimeStamp: log4netDate(time),
    executionId,
    logMessage: message ?? says,
  };
  const datagram = kind === "engine" ? engineDatagram(fields) : taskDatagram(fields);
  return { kind, type, taskName: fields.taskName, executionId, datagram };
}

/**
 * Whether mqtt-alerter makes an alert of it. Sense does not tell how a distribution ended, and QRS does not know one
 * that is made up.
 */
export function makesAlert({ kind }: TestAlert): boolean {
  return kind !== "engine" && kind !== "distribute";
}

type EngineFields = {
  readonly [name in "tag" | "hostName" | "appId" | "executionId" | "logTimeStamp" | "logMessage"]: string;
};

/** The engine knows no task: its datagram has a session where the scheduler's has an execution. */
function engineDatagram({ tag, hostName, appId, executionId, logTimeStamp, logMessage }: EngineFields): string {
  return [tag, hostName, appId, executionId, "TEST", "send-test-alert", logTimeStamp, "ERROR", logMessage].join(";");
}

/** Local time, as Sense's log has it: `2026-11-20 06:30:01,114`. */
function log4netDate(time: Date): string {
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().replace("T", " ").replace(".", ",").replace("Z", "");
}
