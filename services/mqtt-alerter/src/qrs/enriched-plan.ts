import type { SenseEvent, TaskEvent, TaskEventType } from "@sense-alerts/event-contract";
import type { Execution, Task, TaskType } from "@sense-alerts/qlik-repository";
import { type AlertTopics, composeBasic, composeFull, composeMessages } from "../alerts/alert-messages.js";
import { endedAs, followPauseMs, mostFollowedMs } from "../alerts/distribution.js";
import type { Plan } from "../delivery/deliver.js";
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

const unwanted: Plan = { ok: true, messages: [] };

/**
 * What an event comes to with QRS: its basic message at once, its full message when QRS has told, or the deadline has come. An
 * event waits for QRS before its first message only where it must: a distribution, until it has ended; and any task where
 * not all types are alerted. When QRS cannot tell the type it is alerted.
 */
export function createEnrichedPlan(options: EnrichedPlanOptions): (event: SenseEvent) => Plan | Promise<Plan> {
  const { topics, enricher, taskTypes } = options;

  function isUnwanted(type: TaskType | undefined): boolean {
    // A type that has a number only is one that no setting can name.
    if (taskTypes === undefined || type === undefined || /^\d/.test(type) || taskTypes.has(type)) return false;
    options.onUnwanted(type);
    return true;
  }

  function alert(event: TaskEvent, untilMs: number, task: Task | undefined, run?: Ended): Plan {
    const { ended, execution } = run ?? {};
    const basic = composeBasic(event, topics, { ended, task });
    if (!basic.ok) return basic;
    const messages = basic.message === undefined ? [] : [basic.message];
    if (topics.tasks[ended ?? event.type].full === undefined) return { ok: true, messages };
    return {
      ok: true,
      messages,
      full: async () => {
        const enrichment = await enricher.enrich(event, untilMs, execution);
        const full = composeFull(event, topics, { ended, enrichment });
        return full.ok ? { ok: true, messages: full.message === undefined ? [] : [full.message] } : full;
      },
    };
  }

  async function follow(event: TaskEvent, untilMs: number): Promise<Plan> {
    const [task, execution] = await Promise.all([
      enricher.task(event.data.taskId, untilMs),
      enricher.execution(event, untilMs),
    ]);
    const ended = endedAs(execution?.status);
    if (ended !== undefined && execution !== undefined) {
      options.onFollowed(ended);
      return alert(event, untilMs, task, { ended, execution });
    }
    const ageMs = Date.now() - Date.parse(event.time);
    if (ageMs < mostFollowedMs) return { ok: "later", delayMs: followPauseMs(ageMs) };
    options.onFollowed("given-up");
    return { ok: false, reason: "distribution-without-end" };
  }

  return (event) => {
    if (event.type === "sense.ingest.status" || event.type === "sense.engine.reload-failed") {
      return composeMessages(event, topics);
    }
    const untilMs = performance.now() + options.deadlineMs;
    if (event.type === "sense.task.distributed") {
      if (event.data.taskId === "" || isUnwanted("Distribute")) return unwanted;
      return follow(event, untilMs);
    }
    if (taskTypes === undefined) return alert(event, untilMs, enricher.knownTask(event.data.taskId));
    return enricher
      .task(event.data.taskId, untilMs)
      .then((task) => (isUnwanted(task?.type) ? unwanted : alert(event, untilMs, task)));
  };
}

type Ended = { readonly ended: TaskEventType; readonly execution: Execution };
