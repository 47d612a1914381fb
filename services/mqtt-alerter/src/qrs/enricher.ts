import { setMaxListeners } from "node:events";
import type { TaskEvent } from "@sense-alerts/event-contract";
import {
  type App,
  type Execution,
  type Repository,
  RepositoryError,
  type RepositoryErrorCode,
  type Task,
} from "@sense-alerts/qlik-repository";
import pLimit from "p-limit";
import type { Enrichment } from "../alerts/enrichment.js";
import { createAnswerCache } from "./answer-cache.js";
import { createExecutions, type ExecutionsOptions } from "./executions.js";
import { WaitOverError, waitUntil } from "./wait-until.js";

export type EnricherOptions = {
  readonly repository: Pick<Repository, "task" | "app" | "execution" | "scriptLogTail">;
  readonly keepMs: number;
  readonly scriptLogLines: number;
  /** Aborts when no more than what is known should be waited for. */
  readonly hurry: AbortSignal;
  /** Called once for each alert; `reason` of the first question without an answer. */
  readonly onEnriched: (kind: Enrichment["kind"], reason?: UnansweredReason) => void;
  /** A defect of ours; the alert is sent without the answer. */
  readonly onDefect: (error: unknown) => void;
  readonly pausesMs?: ExecutionsOptions["pausesMs"];
};

/** Why a question has no answer. Each is a metric label. */
type UnansweredReason = RepositoryErrorCode | "deadline" | "no-task-id" | "too-many" | "stopping" | "defect";

export type Enricher = {
  /**
   * What QRS answers about an alert; never later than `untilMs`, and never rejects. `run` is its run where that is
   * known.
   */
  enrich(event: TaskEvent, untilMs: number, run?: Execution): Promise<Enrichment>;
  /** The task, or undefined when there is none, or QRS cannot tell by `untilMs`. */
  task(taskId: string, untilMs: number): Promise<Task | undefined>;
  /** The task if no question is needed for it. */
  knownTask(taskId: string): Task | undefined;
  /** The run as it is now, or undefined when it is not there, or QRS cannot tell by `untilMs`. */
  execution(event: TaskEvent, untilMs: number): Promise<Execution | undefined>;
  /** Alerts that wait for QRS. */
  waiting(): number;
  /** While QRS is not asked for a while no question waits for its turn, since each is answered at once. */
  suspend(isSuspended: boolean): void;
};

/**
 * Concurrent questions: those about tasks and apps do not queue behind runs, and the client has a connection left for a
 * start.
 */
const metadataAtOnce = 3;
const runsAtOnce = 4;
const mostKept = 1_000;
/** Alerts beyond these are sent without a question. */
const mostWaiting = 1_000;
/** An answer that comes at the deadline still counts. */
const graceMs = 50;

/** A question that is not asked. */
class UnaskedError extends Error {
  readonly reason: UnansweredReason;
  constructor(reason: UnansweredReason) {
    super(`not asked: ${reason}`);
    this.reason = reason;
  }
}

export function createEnricher(options: EnricherOptions): Enricher {
  const { repository, keepMs, scriptLogLines, hurry } = options;
  // Every alert that waits listens to it.
  setMaxListeners(0, hurry);
  const metadataLimit = pLimit(metadataAtOnce);
  const runLimit = pLimit(runsAtOnce);
  const kept = { keepMs, mostKept };
  const tasks = createAnswerCache<Task>({ ask: (id) => metadataLimit(repository.task, id), ...kept });
  const apps = createAnswerCache<App>({ ask: (id) => metadataLimit(repository.app, id), ...kept });
  const pausesMs = options.pausesMs === undefined ? {} : { pausesMs: options.pausesMs };
  const executions = createExecutions({ repository, limit: runLimit, ...pausesMs });
  let waiting = 0;

  async function appOf({ data }: TaskEvent, task: Promise<Task | undefined>) {
    const appId = data.appId === "" ? (await task)?.app?.id : data.appId;
    return appId === undefined ? undefined : apps.get(appId);
  }

  async function runOf(event: TaskEvent, untilMs: number): Promise<Execution | undefined> {
    const found = await executions.find(event, untilMs);
    if (found === "unasked") throw new UnaskedError("too-many");
    return found;
  }

  async function tailOf(taskId: string, run: Execution | undefined): Promise<readonly string[]> {
    if (run === undefined || !run.scriptLogAvailable) return [];
    try {
      return (await runLimit(repository.scriptLogTail, taskId, run, scriptLogLines)) ?? [];
    } catch (error) {
      if (error instanceof RepositoryError && error.code === "not-found") return [];
      throw error;
    }
  }

  /** All questions at once, each with the deadline: one that has no answer does not take the others'. */
  async function answersAbout(event: TaskEvent, untilMs: number, knownRun: Execution | undefined): Promise<Enrichment> {
    const { taskId } = event.data;
    const reasons: UnansweredReason[] = [];
    const answered = async <T>(answer: Promise<T | undefined>): Promise<T | null | undefined> => {
      try {
        return (await waitUntil(untilMs + graceMs, answer, hurry)) ?? null;
      } catch (error) {
        reasons.push(reasonOf(error));
        return undefined;
      }
    };
    const foundTask = tasks.get(taskId);
    const foundRun = knownRun === undefined ? runOf(event, untilMs) : Promise.resolve(knownRun);
    const tail = scriptLogLines === 0 ? undefined : foundRun.then((run) => tailOf(taskId, run));
    const [task, app, execution, lines] = await Promise.all([
      answered(foundTask),
      answered(appOf(event, foundTask)),
      answered(foundRun),
      tail && answered(tail),
    ]);
    const [reason] = reasons;
    const isNone = task === undefined && app === undefined && execution === undefined;
    const kind = reason === undefined ? "complete" : isNone ? "unavailable" : "partial";
    options.onEnriched(kind, reason);
    return kind === "unavailable" ? { kind } : { kind, task, app, execution, scriptLogTail: lines ?? undefined };
  }

  async function unlessAway<T>(answer: Promise<T | undefined>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (error) {
      reasonOf(error);
      return undefined;
    }
  }

  function reasonOf(error: unknown): UnansweredReason {
    if (error instanceof RepositoryError) return error.code;
    if (error instanceof UnaskedError || error instanceof WaitOverError) return error.reason;
    options.onDefect(error);
    return "defect";
  }

  function unavailable(reason: UnansweredReason): Enrichment {
    options.onEnriched("unavailable", reason);
    return { kind: "unavailable" };
  }

  return {
    async enrich(event, untilMs, run) {
      if (event.data.taskId === "") return unavailable("no-task-id");
      if (waiting >= mostWaiting) return unavailable("too-many");
      waiting++;
      try {
        return await answersAbout(event, untilMs, run);
      } finally {
        waiting--;
      }
    },
    task: (taskId, untilMs) =>
      taskId === "" ? Promise.resolve(undefined) : unlessAway(waitUntil(untilMs, tasks.get(taskId), hurry)),
    knownTask: tasks.known,
    execution: (event, untilMs) => unlessAway(waitUntil(untilMs, executions.ask(event, untilMs), hurry)),
    waiting: () => waiting,
    suspend: (isSuspended) => {
      metadataLimit.concurrency = isSuspended ? Number.POSITIVE_INFINITY : metadataAtOnce;
      runLimit.concurrency = isSuspended ? Number.POSITIVE_INFINITY : runsAtOnce;
    },
  };
}
