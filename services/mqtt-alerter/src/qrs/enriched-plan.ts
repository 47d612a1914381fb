import type { SenseEvent, TaskEvent, TaskEventType } from "@sense-alerts/event-contract";
import type { Execution, Task, TaskType } from "@sense-alerts/qlik-repository";
import { type AlertTopics, composeBasic, composeFull } from "../alerts/alert-messages.js";
import { endedAs, followPauseMs, mostFollowedMs } from "../alerts/distribution.js";
import type { Lane, Plan, Plans } from "../delivery/deliver.js";
import type { Enricher } from "./enricher.js";

export type EnrichedPlanOptions = {
  readonly topics: AlertTopics;
  readonly enricher: Enricher;
  /** From when an event is taken up until its full message leaves. */
  readonly deadlineMs: number;
  /** The types of tasks that are alerted; undefined = all. */
  readonly taskTypes: ReadonlySet<TaskType> | undefined;
  readonly onUnwanted: (type: TaskType) => void;
  readonly onFollowed: (ended: TaskEventType | "given-up") => void;
};

const unwanted: Plan = { ok: true, message: undefined };

/**
 * The message of an event in each lane with QRS: the basic one at once, the full one when QRS has answered or the
 * deadline has come. The basic one waits for QRS only where it must: for a distribution, until it has ended; and for
 * any task where not all types are alerted. When QRS cannot tell the type it is alerted.
 */
export function createEnrichedPlans(options: EnrichedPlanOptions): Plans {
  const { topics, enricher, taskTypes } = options;

  /** Counted in one lane only. */
  function isUnwanted(lane: Lane, type: TaskType | undefined): boolean {
    // A type that has a number only is one that no setting can name.
    if (taskTypes === undefined || type === undefined || /^\d/.test(type) || taskTypes.has(type)) return false;
    if (lane === "basic") options.onUnwanted(type);
    return true;
  }

  async function full(event: TaskEvent, untilMs: number, run: Ended | undefined): Promise<Plan> {
    const { ended, execution } = run ?? {};
    if (topics.tasks[ended ?? event.type].full === undefined) return unwanted;
    const enrichment = await enricher.enrich(event, untilMs, execution);
    return composeFull(event, topics, { ended, enrichment });
  }

  function basic(event: TaskEvent, task: Task | undefined, run: Ended | undefined): Plan {
    return composeBasic(event, topics, { ended: run?.ended, task });
  }

  async function follow(lane: Lane, event: TaskEvent, untilMs: number): Promise<Plan> {
    const [task, execution] = await Promise.all([
      enricher.task(event.data.taskId, untilMs),
      enricher.execution(event, untilMs),
    ]);
    const ended = endedAs(execution?.status);
    if (ended !== undefined && execution !== undefined) {
      if (lane === "basic") options.onFollowed(ended);
      const run = { ended, execution };
      return lane === "full" ? full(event, untilMs, run) : basic(event, task, run);
    }
    const ageMs = Date.now() - Date.parse(event.time);
    if (ageMs < mostFollowedMs) return { ok: "later", delayMs: followPauseMs(ageMs) };
    if (lane === "full") return unwanted;
    options.onFollowed("given-up");
    return { ok: false, reason: "distribution-without-end" };
  }

  function plan(lane: Lane, event: SenseEvent): Plan | Promise<Plan> {
    if (event.type === "sense.ingest.status" || event.type === "sense.engine.reload-failed") {
      return lane === "full" ? unwanted : composeBasic(event, topics);
    }
    const untilMs = performance.now() + options.deadlineMs;
    if (event.type === "sense.task.distributed") {
      if (event.data.taskId === "" || isUnwanted(lane, "Distribute")) return unwanted;
      return follow(lane, event, untilMs);
    }
    const made = (task: Task | undefined) =>
      lane === "full" ? full(event, untilMs, undefined) : basic(event, task, undefined);
    if (taskTypes === undefined) return made(enricher.knownTask(event.data.taskId));
    return enricher
      .task(event.data.taskId, untilMs)
      .then((task) => (isUnwanted(lane, task?.type) ? unwanted : made(task)));
  }

  return { basic: (event) => plan("basic", event), full: (event) => plan("full", event) };
}

type Ended = { readonly ended: TaskEventType; readonly execution: Execution };
