import { randomUUID } from "node:crypto";
import {
  appEntity,
  condensed,
  type Entity,
  executionEntity,
  noGuid,
  type QrsApp,
  type QrsExecution,
  type QrsTask,
  taskEntity,
} from "./entities.js";

export type QrsStart = { readonly taskId: string; readonly sessionId: string };

/** What the stand-in knows. What it gives out are the objects themselves: a test may change them. */
export interface QrsStore {
  readonly starts: QrsStart[];
  addTask(task: QrsTask): Entity;
  removeTask(taskId: string): void;
  addApp(app: QrsApp): Entity;
  removeApp(appId: string): void;
  /**
   * A run of the task, from now on, or from `afterMs` on; it becomes the task's last one. Again with the same
   * executionId it changes that run.
   */
  setExecution(taskId: string, execution: QrsExecution, options?: { readonly afterMs?: number }): Entity;
  /** The script log of a run, by its result's id and its file reference. */
  setScriptLog(execution: Entity, text: string): void;
  tasks(): readonly Entity[];
  apps(): readonly Entity[];
  executions(): readonly Entity[];
  /** The session that runs now; undefined when there is none. */
  session(sessionId: string): Entity | undefined;
  /** The reference to download a script log by. */
  scriptLogReference(id: string): string | undefined;
  scriptLog(reference: string): string | undefined;
  /** The session's id, or the zero GUID when the task cannot be started. */
  startTask(task: Entity): string;
}

type Later = { readonly atMs: number; readonly apply: () => void };

export function createStore(): QrsStore {
  const tasks = new Map<string, Entity>();
  const apps = new Map<string, Entity>();
  const executions = new Map<string, Entity>();
  const references = new Map<string, string>();
  const logs = new Map<string, string>();
  const starts: QrsStart[] = [];
  let later: Later[] = [];

  function catchUp(): void {
    const due = later.filter(({ atMs }) => atMs <= performance.now());
    later = later.filter((one) => !due.includes(one));
    for (const { apply } of due) apply();
  }

  function setExecution(taskId: string, execution: QrsExecution, { afterMs = 0 } = {}): Entity {
    const known = [...executions.values()].find(({ executionID }) => executionID === execution.executionId);
    const id = execution.id ?? known?.id;
    const entity = executionEntity(taskId.toLowerCase(), { ...execution, ...(id === undefined ? {} : { id }) });
    if (id !== undefined && id === known?.id && execution.startTime === undefined)
      entity["startTime"] = known["startTime"];
    const apply = () => {
      executions.set(entity.id, entity);
      const operational = tasks.get(taskId.toLowerCase())?.["operational"];
      if (typeof operational === "object" && operational !== null) {
        Object.assign(operational, { lastExecutionResult: condensed(entity) });
      }
    };
    if (afterMs > 0) later.push({ atMs: performance.now() + afterMs, apply });
    else apply();
    return entity;
  }

  function isRunning({ status }: Entity): boolean {
    return [1, 2, 3, 4, 5, 10, 13, 14].includes(Number(status));
  }

  return {
    starts,
    addTask(task) {
      const entity = taskEntity({ ...task, id: (task.id ?? randomUUID()).toLowerCase() });
      tasks.set(entity.id, entity);
      return entity;
    },
    removeTask: (taskId) => void tasks.delete(taskId.toLowerCase()),
    addApp(app) {
      const entity = appEntity({ ...app, id: (app.id ?? randomUUID()).toLowerCase() });
      apps.set(entity.id, entity);
      return entity;
    },
    removeApp: (appId) => void apps.delete(appId.toLowerCase()),
    setExecution,
    setScriptLog(execution, text) {
      const reference = randomUUID();
      references.set(execution.id, reference);
      if (execution["fileReferenceID"] !== noGuid) references.set(String(execution["fileReferenceID"]), reference);
      logs.set(reference, text);
    },
    tasks() {
      catchUp();
      return [...tasks.values()];
    },
    apps: () => [...apps.values()],
    executions() {
      catchUp();
      return [...executions.values()];
    },
    session(sessionId) {
      catchUp();
      return [...executions.values()].find((one) => one["executionID"] === sessionId && isRunning(one));
    },
    scriptLogReference: (id) => references.get(id),
    scriptLog: (reference) => logs.get(reference),
    startTask(task) {
      catchUp();
      const runs = [...executions.values()].some((one) => one["taskID"] === task.id && isRunning(one));
      if (task["enabled"] !== true || runs) return noGuid;
      const sessionId = randomUUID();
      starts.push({ taskId: task.id, sessionId });
      setExecution(task.id, { executionId: sessionId, status: 7, duration: 1 });
      return sessionId;
    },
  };
}
