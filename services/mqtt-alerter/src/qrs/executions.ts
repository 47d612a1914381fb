import { setTimeout as delay } from "node:timers/promises";
import type { TaskData, TaskEvent } from "@sense-alerts/event-contract";
import type { Execution, ExecutionQuestion, Repository } from "@sense-alerts/qlik-repository";
import type { LimitFunction } from "p-limit";
import { type Allowance, createAllowance } from "./allowance.js";
import { WaitOverError, waitUntil } from "./wait-until.js";

export type ExecutionsOptions = {
  readonly repository: Pick<Repository, "execution">;
  /** How many questions are asked at a time. */
  readonly limit: LimitFunction;
  readonly allowance?: Allowance;
  /** The pauses before QRS is asked again, which writes the result some time after the scheduler writes its log. */
  readonly pausesMs?: { readonly missing: readonly number[]; readonly running: readonly number[] };
};

export type Executions = {
  /**
   * What QRS has of the run: asked again a few times while it is not there or not at its end, as far as `untilMs` lets,
   * then whatever is known. Undefined = not there. `unasked`: this task was asked about too often lately. Rejects when
   * the first question does.
   */
  find(event: TaskEvent, untilMs: number): Promise<Execution | "unasked" | undefined>;
  /** Asks once. */
  ask(event: TaskEvent, untilMs: number): Promise<Execution | undefined>;
};

const finalStatuses: ReadonlySet<string> = new Set(["Aborted", "FinishedSuccess", "FinishedFail", "Error"]);
const defaultPausesMs = { missing: [500, 1_500], running: [250, 500, 1_000, 2_000] };
const nilGuid = "00000000-0000-0000-0000-000000000000";

/**
 * The runs of tasks. No task runs so often that the allowance is used up; a storm of alerts of few tasks, such as a
 * resend, would otherwise ask QRS once or more for each.
 */
export function createExecutions(options: ExecutionsOptions): Executions {
  const { repository, limit, pausesMs = defaultPausesMs } = options;
  const allowance = options.allowance ?? createAllowance({ atOnce: 30, refillMs: 1_000, mostKeys: 10_000 });

  function ask(event: TaskEvent, untilMs: number): Promise<Execution | undefined> {
    const question = questionOf(event);
    return limit(() => {
      if (performance.now() >= untilMs) throw new WaitOverError("deadline");
      return repository.execution(question);
    });
  }

  return {
    ask,
    async find(event, untilMs) {
      const { taskId } = event.data;
      if (!allowance(taskId)) return "unasked";
      let found = await ask(event, untilMs);
      for (let retry = 0; ; retry++) {
        if (found !== undefined && finalStatuses.has(found.status)) return found;
        const pauseMs = pausesMs[found === undefined ? "missing" : "running"][retry];
        if (pauseMs === undefined || performance.now() + pauseMs >= untilMs || !allowance(taskId)) return found;
        await delay(pauseMs);
        // What was learned before is as good as it gets.
        found = (await waitUntil(untilMs, ask(event, untilMs)).catch(() => undefined)) ?? found;
      }
    },
  };
}

function questionOf({ data, time }: TaskEvent): ExecutionQuestion {
  return { taskId: data.taskId, executionId: executionIdOf(data), receivedAtMs: Date.parse(time) };
}

function executionIdOf({ executionId }: TaskData): string | undefined {
  return executionId === "" || executionId === nilGuid ? undefined : executionId;
}
