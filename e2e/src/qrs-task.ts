import { randomUUID } from "node:crypto";
import { type Qrs, type QrsExecution, type QrsTask, type TaskDatagramFields, uniqueName } from "@sense-alerts/test-kit";

export interface TaskAtQrs {
  readonly taskId: string;
  readonly taskName: string;
  readonly appId: string;
  readonly appName: string;
  /** A run of it that QRS knows, with the fields of its datagram. */
  run(execution?: Partial<QrsExecution>): Partial<TaskDatagramFields> & { readonly executionId: string };
}

/** A reload task, with tags and custom properties, and its app, which QRS knows. */
export function addTask(qrs: Qrs, task: Partial<QrsTask> = {}): TaskAtQrs {
  const properties = (name: string) => ["a", "b"].map((value) => ({ name, value }));
  const appName = uniqueName("app");
  const app = qrs.addApp({ name: appName, tags: ["Test data"], customProperties: properties("Butler_AlertGroup") });
  const { name = uniqueName("task") } = task;
  const { id } = qrs.addTask({
    tags: ["startTask1", "försäljning"],
    customProperties: properties("taskGroup"),
    app: { id: app.id, name: appName },
    ...task,
    name,
  });
  const fields = { taskId: id, taskName: name, appId: app.id, appName };
  return {
    ...fields,
    run: (execution = {}) => {
      const executionId = randomUUID();
      qrs.setExecution(id, { executionId, status: 8, duration: 12_190, ...execution });
      return { ...fields, executionId };
    },
  };
}
