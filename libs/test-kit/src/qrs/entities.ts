import { randomUUID } from "node:crypto";

export type Entity = Record<string, unknown> & { readonly id: string };

/** QRS's "not set". */
const noTime = "1753-01-01T00:00:00.000Z";
export const noGuid = "00000000-0000-0000-0000-000000000000";

export interface QrsApp {
  readonly id?: string;
  readonly name: string;
  readonly tags?: readonly string[];
  readonly customProperties?: readonly { readonly name: string; readonly value: string }[];
  /** Further fields of app/full, or other values of those that are there. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

export interface QrsTask extends QrsApp {
  /** 0 Reload (unless said), 1 ExternalProgram, 2 UserSync, 3 Distribute, 4 Preload. */
  readonly taskType?: number;
  readonly app?: { readonly id: string; readonly name: string };
  /** A task that is not enabled is not started: the synchronous way answers with the zero GUID. */
  readonly enabled?: boolean;
}

export interface QrsExecution {
  /**
   * Of the result. That of the result with the same executionId if left out; give another for a retry within a session.
   */
  readonly id?: string;
  /** Of the session: what the datagram calls executionId. */
  readonly executionId?: string;
  /** A number of TaskExecutionStatus: 7 FinishedSuccess, 8 FinishedFail … */
  readonly status: number;
  readonly startTime?: string;
  readonly stopTime?: string;
  readonly duration?: number;
  readonly executingNodeName?: string;
  readonly details?: readonly { readonly message: string; readonly detailCreatedDate: string }[];
  readonly fileReferenceID?: string;
  readonly scriptLogAvailable?: boolean;
}

export function appEntity({ id = randomUUID(), name, tags = [], customProperties = [], fields = {} }: QrsApp): Entity {
  return {
    ...common(name, tags, customProperties),
    appId: "",
    owner: { id: randomUUID(), userId: "goran", userDirectory: "LAB", name: "Göran Sander", privileges: null },
    publishTime: noTime,
    published: false,
    stream: null,
    description: "",
    fileSize: 196_608,
    lastReloadTime: "2024-04-12T05:33:03.901Z",
    schemaPath: "App",
    ...fields,
    id,
  };
}

export function taskEntity(task: QrsTask): Entity {
  const { id = randomUUID(), name, tags = [], customProperties = [], fields = {}, taskType = 0, app } = task;
  return {
    ...common(name, tags, customProperties),
    taskType,
    enabled: task.enabled ?? true,
    taskSessionTimeout: 1_440,
    maxRetries: 0,
    ...(app === undefined ? {} : { app: { ...app, publishTime: noTime, published: false, stream: null } }),
    isManuallyTriggered: false,
    isPartialReload: false,
    operational: { id: randomUUID(), lastExecutionResult: neverStarted(), nextExecution: noTime, privileges: null },
    schemaPath: taskType === 0 ? "ReloadTask" : "Task",
    ...fields,
    id,
  };
}

function common(name: string, tags: QrsApp["tags"] = [], customProperties: QrsApp["customProperties"] = []) {
  return {
    createdDate: "2021-02-16T07:00:00.000Z",
    modifiedDate: "2024-04-12T05:33:03.901Z",
    modifiedByUserName: "INTERNAL\\sa_scheduler",
    name,
    tags: tags.map((tag) => ({ id: randomUUID(), name: tag, privileges: null })),
    customProperties: customProperties.map((property) => ({
      id: randomUUID(),
      value: property.value,
      definition: { id: randomUUID(), name: property.name, valueType: "Text", privileges: null },
      schemaPath: "CustomPropertyValue",
    })),
    privileges: null,
  };
}

function neverStarted(): Record<string, unknown> {
  return condensed(executionEntity(noGuid, { status: 0, executingNodeName: "", startTime: noTime, stopTime: noTime }));
}

/** A full ExecutionResult. */
export function executionEntity(taskId: string, execution: QrsExecution): Entity {
  const isRunning = [1, 2, 3, 4, 5, 10, 13, 14].includes(execution.status);
  const now = new Date().toISOString();
  return {
    id: execution.id ?? randomUUID(),
    taskID: taskId,
    executionID: execution.executionId ?? randomUUID(),
    appID: noGuid,
    executingNodeID: randomUUID(),
    executingNodeName: execution.executingNodeName ?? "pro2-win1.lab.example",
    status: execution.status,
    startTime: execution.startTime ?? now,
    stopTime: execution.stopTime ?? (isRunning ? noTime : now),
    duration: execution.duration ?? 0,
    fileReferenceID: execution.fileReferenceID ?? noGuid,
    scriptLogAvailable: execution.scriptLogAvailable ?? false,
    details: (execution.details ?? []).map((detail) => ({ id: randomUUID(), detailsType: 2, ...detail })),
    scriptLogLocation: "",
    scriptLogSize: -1,
    privileges: null,
  };
}

/** As it stands in a task's `operational`. */
export function condensed(execution: Entity): Record<string, unknown> {
  const { taskID, executionID, appID, executingNodeID, ...rest } = execution;
  return rest;
}
