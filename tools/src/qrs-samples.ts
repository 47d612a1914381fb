import { randomUUID } from "node:crypto";
import { type Qrs, taskDatagram } from "@sense-alerts/test-kit";
import { alert, type Sample } from "./samples.js";

/** What QRS adds to a message, and what becomes of it without QRS. The stand-in is filled here. */
export function qrsSamples(qrs: Qrs): readonly Sample[] {
  const app = qrs.addApp({
    name: "Sales; EMEA",
    tags: ["Finance"],
    customProperties: [{ name: "owner", value: "bi" }],
  });
  const task = qrs.addTask({
    name: "Reload of Sales",
    app: { id: app.id, name: "Sales; EMEA" },
    tags: ["nightly"],
    customProperties: [{ name: "alertGroup", value: "ops" }],
  });
  const distribution = qrs.addTask({ name: "Distribute Sales to cloud", taskType: 3 });
  const unlucky = qrs.addTask({ name: "Reload of Stock" });

  const failed = run(qrs, task.id, 8, ["Changing task state to Started", "Error: Field 'Region' not found"]);
  const aborted = run(qrs, task.id, 6, ["Changing task state to Started", "Changing task state to Aborted"]);
  const distributed = run(qrs, distribution.id, 8, ["The target server did not answer"]);

  const ofTask = { taskName: "Reload of Sales", appName: "Sales; EMEA", taskId: task.id, appId: app.id };
  const fromQrs = {
    enrichment: "complete",
    taskName: "Reload of Sales",
    appName: "Sales; EMEA",
    qs_appTags: ["Finance"],
    qs_appCustomProperties: [{ name: "owner", value: "bi" }],
    qs_taskTags: ["nightly"],
    qs_taskCustomProperties: [{ name: "alertGroup", value: "ops" }],
    taskType: "Reload",
    executingNodeName: "sense2.acme.example",
  };
  return [
    {
      title:
        "A task failed: the basic message does not wait for QRS, which settles the names, and adds tags, properties and the run",
      datagram: taskDatagram({ ...ofTask, executionId: failed }),
      expected: alert("failed", { ...fromQrs, executionStatus: "FinishedFail" }, "Reload of Sales;Sales"),
    },
    {
      title: "A task was stopped",
      datagram: taskDatagram({
        ...ofTask,
        tag: "/scheduler-task-aborted/",
        executionId: aborted,
        logMessage: "Execution State Change to Aborting",
      }),
      expected: alert("aborted", { ...fromQrs, executionStatus: "Aborted" }),
    },
    {
      title: "A distribute step ended: QRS tells that it failed",
      datagram: taskDatagram({
        tag: "/scheduler-distribute/",
        taskName: "Distribute Sales to cloud",
        appName: "",
        taskId: distribution.id,
        appId: "",
        executionId: distributed,
        logMessage: "Exiting execute of Distribute task request.",
      }),
      expected: alert("failed", { taskName: "Distribute Sales to cloud", taskType: "Distribute" }),
    },
    {
      title: "QRS is gone: the basic message comes at once, the full one without its part",
      before: () => qrs.stop(),
      datagram: taskDatagram({
        taskName: "Reload of Stock",
        appName: "Stock",
        taskId: unlucky.id,
        executionId: randomUUID(),
      }),
      expected: alert("failed", { taskName: "Reload of Stock", enrichment: "unavailable" }),
    },
  ];
}

/** A run that has just ended, by its execution id. */
function run(qrs: Qrs, taskId: string, status: number, messages: readonly string[]): string {
  const executionId = randomUUID();
  const at = (second: number) => new Date(Date.now() - 12_000 + second * 1_000).toISOString();
  qrs.setExecution(taskId, {
    executionId,
    status,
    startTime: at(0),
    stopTime: at(12),
    duration: 12_000,
    executingNodeName: "sense2.acme.example",
    details: messages.map((message, second) => ({ message, detailCreatedDate: at(second) })),
  });
  return executionId;
}
