import assert from "node:assert/strict";
import { type Environment, eventually, type Qrs, startQrs, uniqueName } from "@sense-alerts/test-kit";
import { inScope } from "../bench/in-scope.js";
import type { Login } from "./broker-source.js";
import type { Stage } from "./stage.js";
import type { Watcher } from "./watcher.js";

const requests = 5;

/** Two replicas listen to the start topic; each request starts its task once and is answered once. */
export async function startsEachTaskOnce(
  stage: Stage,
  watcher: Watcher,
  url: string,
  login: Login | undefined,
  own: Environment,
): Promise<void> {
  await inScope(async (scope) => {
    const qrs = await startQrs(scope);
    const name = uniqueName("start");
    const topic = `conformance/${name}/start`;
    const resultTopic = `conformance/${name}/result`;
    const env = {
      ...qrs.environment,
      TASK_START_ENABLE: "true",
      TASK_START_ALLOW_ANY: "true",
      SUBSCRIPTION_ROOT_TOPIC: "conformance/#",
      TASK_START_TOPIC: topic,
      TASK_START_RESULT_TOPIC: resultTopic,
      ...own,
    };
    const replicas = await Promise.all([1, 2].map(() => stage.alerter(name, url, login, env)));
    await Promise.all(replicas.map((replica) => replica.ready(30_000)));
    const taskIds = Array.from({ length: requests }, () => qrs.addTask({ name: uniqueName("task") }).id);
    for (const taskId of taskIds) await watcher.publish(topic, taskId);
    const answers = () => watcher.messages.filter((message) => message.topic === resultTopic);
    await eventually(
      () => {
        assert.equal(answers().length, requests, `${answers().length} answers to ${requests} requests`);
        for (const taskId of taskIds) assert.equal(startsOf(qrs, taskId), 1, "a task was not started once");
      },
      { timeoutMs: 30_000, what: "the answers" },
    );
    await Promise.all(replicas.map((replica) => replica.stop()));
  });
}

function startsOf(qrs: Qrs, taskId: string): number {
  return qrs.starts.filter((start) => start.taskId === taskId).length;
}
