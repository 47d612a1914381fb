import type { z } from "zod";
import {
  appAnswer,
  executionAnswer,
  guidAnswer,
  jsonOf,
  lastExecutionAnswer,
  readAnswer,
  taskAnswer,
} from "./answers.js";
import { type Client, createClient, type Request } from "./client.js";
import { type Deadline, deadlineIn } from "./deadline.js";
import { taskTypeOf } from "./enums.js";
import type { Answer } from "./exchange.js";
import { executionOf, fitsEvent, newestOf } from "./execution-result.js";
import { guidFilter } from "./filter.js";
import { checkedGuid, zeroGuid } from "./guid.js";
import type { RepositoryOptions } from "./options.js";
import type { App, CustomProperty, Execution, ExecutionQuestion, Repository, Task } from "./repository.js";
import { RepositoryError } from "./repository-error.js";
import { readScriptLogTail } from "./script-log.js";

/**
 * The QRS at a URL. Nothing is opened before the first question, and connections are kept. A question that failed is
 * repeated within the time-out where that can help; after failures in a row QRS is left alone for a while, and
 * questions reject at once (`suspended`).
 */
export function createRepository(options: RepositoryOptions): Repository {
  const client = createClient(options);
  const closing = new AbortController();
  const deadline = () => deadlineIn(options.timeoutMs, closing.signal);

  return {
    async task(taskId) {
      return findTask(client, checkedGuid(taskId, "the task id"), deadline());
    },
    async app(appId) {
      return findApp(client, checkedGuid(appId, "the app id"), deadline());
    },
    async execution(question) {
      return findExecution(client, question, deadline());
    },
    async scriptLogTail(taskId, execution, lines) {
      const id = checkedGuid(taskId, "the task id");
      return readScriptLogTail(client, { taskId: id, execution, lines }, deadline());
    },
    async startTask(taskId) {
      return start(client, checkedGuid(taskId, "the task id"), deadline());
    },
    async close() {
      closing.abort();
      await client.close();
    },
  };
}

async function findTask(client: Client, taskId: string, deadline: Deadline): Promise<Task | undefined> {
  const { found, whole } = await client.ask(
    { ...byId("task", taskId), read: firstOf(taskAnswer, "the task") },
    deadline,
  );
  if (found === undefined) return undefined;
  const { id, name, taskType, app, tags, customProperties } = found;
  return {
    id,
    name,
    type: taskTypeOf(taskType),
    app: app == null || app.id === zeroGuid ? undefined : { id: app.id, name: app.name },
    tags: tags.map((tag) => tag.name),
    customProperties: propertiesOf(customProperties),
    metadata: whole,
  };
}

async function findApp(client: Client, appId: string, deadline: Deadline): Promise<App | undefined> {
  const { found, whole } = await client.ask({ ...byId("app", appId), read: firstOf(appAnswer, "the app") }, deadline);
  if (found === undefined) return undefined;
  const { id, name, tags, customProperties } = found;
  return {
    id,
    name,
    tags: tags.map((tag) => tag.name),
    customProperties: propertiesOf(customProperties),
    metadata: whole,
  };
}

async function findExecution(
  client: Client,
  { taskId, executionId, receivedAtMs }: ExecutionQuestion,
  deadline: Deadline,
): Promise<Execution | undefined> {
  const task = checkedGuid(taskId, "the task id");
  if (executionId !== undefined) {
    const execution = checkedGuid(executionId, "the execution id");
    const query = { filter: guidFilter("executionID", execution) };
    const read = (answer: Answer) => readAnswer(executionAnswer, answer, "the execution").map(executionOf);
    const all = await client.ask({ question: "execution", path: "executionresult/full", query, read }, deadline);
    const newest = newestOf(all);
    if (newest !== undefined) return newest;
  }
  const read = (answer: Answer) => readAnswer(lastExecutionAnswer, answer, "the task's last execution");
  const [found] = await client.ask({ ...byId("task", task), question: "execution", read }, deadline);
  const last = found?.operational?.lastExecutionResult;
  if (last == null) return undefined;
  const execution = executionOf(last);
  return fitsEvent(execution, receivedAtMs) ? execution : undefined;
}

async function start(client: Client, taskId: string, deadline: Deadline): Promise<string> {
  const path = `task/${taskId}/start/synchronous`;
  const read = (answer: Answer) => {
    const sessionId = readAnswer(guidAnswer, answer, "the start of the task");
    if (sessionId !== zeroGuid) return sessionId;
    const reasons = "it may be disabled or running already, its app may be away, or no scheduler is free";
    throw new RepositoryError("refused", `QRS did not start the task: ${reasons}`, { status: answer.status });
  };
  return client.ask({ question: "start-task", method: "POST", path, read }, deadline);
}

function byId(entity: "task" | "app", id: string): Omit<Request, "read"> {
  return { question: entity, path: `${entity}/full`, query: { filter: guidFilter("id", id) } };
}

function propertiesOf(
  properties: readonly { readonly value: string; readonly definition: { readonly name: string } }[],
): readonly CustomProperty[] {
  return properties.map(({ definition, value }) => ({ name: definition.name, value }));
}

/** Reads a list of one or none: its first item as far as it is checked, and whole as QRS sent it. */
function firstOf<T extends z.ZodType>(list: z.ZodArray<T>, what: string) {
  return (answer: Answer): { readonly found: z.infer<T> | undefined; readonly whole: Task["metadata"] } => {
    const [found] = readAnswer(list, answer, what);
    const json: unknown = jsonOf(answer, what);
    const whole: unknown = Array.isArray(json) ? json[0] : undefined;
    return { found, whole: typeof whole === "object" && whole !== null ? { ...whole } : {} };
  };
}
