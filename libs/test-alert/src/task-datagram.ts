/** The fields of the layout that Sense's scheduler sends since Butler 5; each has a real-looking default. */
export interface TaskDatagramFields {
  readonly tag: string;
  readonly hostName: string;
  readonly taskName: string;
  readonly appName: string;
  readonly user: string;
  readonly taskId: string;
  readonly appId: string;
  readonly logTimeStamp: string;
  readonly logLevel: string;
  readonly executionId: string;
  readonly logMessage: string;
}

const defaults: TaskDatagramFields = {
  tag: "/scheduler-task-failed/",
  hostName: "sense1",
  taskName: "Reload of Sales",
  appName: "Sales",
  user: "ACME\\anna",
  taskId: "5a4d2f0e-6f0b-4b1c-9d35-0f6f3c8f7a11",
  appId: "c6a3be54-31d4-4b9f-8a33-1a0a5c9d4e22",
  logTimeStamp: "2026-11-20 06:30:01,114",
  logLevel: "INFO",
  executionId: "0e4c9a7d-52bb-4dd0-a2c1-7d3b6f1e8c33",
  logMessage: "Max retries reached",
};

/** The text of a task datagram: the tag and ten fields with semicolons between them, as log4net prints them. */
export function taskDatagram(fields: Partial<TaskDatagramFields> = {}): string {
  const all = { ...defaults, ...fields };
  return [
    all.tag,
    all.hostName,
    all.taskName,
    all.appName,
    all.user,
    all.taskId,
    all.appId,
    all.logTimeStamp,
    all.logLevel,
    all.executionId,
    all.logMessage,
  ].join(";");
}
