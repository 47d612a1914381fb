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
import type { Complete, Enrichment } from "../alerts/enrichment.js";
import { createAnswerCache } from "./answer-cache.js";
import { createExecutions, type ExecutionsOptions } from "./executions.js";
import { createTurns, NotAskedError } from "./turns.js";
import { WaitOverError, waitUntil } from "./wait-until.js";

export type EnricherOptions = {
  readonly repository: Pick<Repository, "task" | "app" | "execution" | "scriptLogTail">;
  /** Whether QRS is not asked now, since it failed again and again. */
  readonly suspended: () => boolean;
  readonly keepMs: number;
  readonly scriptLogLines: number;
  /** Aborts when no more than what is known should be waited for. */
  readonly hurry: AbortSignal;
  readonly onEnriched: (result: EnrichmentResult) => void;
  /** Something failed that is no matter of QRS: an alert is not lost over it. */
  readonly onDefect: (error: unknown) => void;
  readonly pausesMs?: ExecutionsOptions["pausesMs"];
};

/** Each is a metric label: `complete`, or why it is not. */
export type EnrichmentResult =
  | "complete"
  | RepositoryErrorCode
  | "deadline"
  | "no-task-id"
  | "too-many"
  | "stopping"
  | "defect";

export type Enricher = {
  /** What QRS tells of an alert; never later than `untilMs`, and never rejects. `run` is its run where that is known. */
  enrich(event: TaskEvent, untilMs: number, run?: Execution): Promise<Enrichment>;
  /** The task, or undefined when there is none, or QRS cannot tell by `untilMs`. */
  task(taskId: string, untilMs: number): Promise<Task | undefined>;
  /** The task if no question is needed for it. */
  knownTask(taskId: string): Task | undefined;
  /** The run as it is now, or undefined when it is not there, or QRS cannot tell by `untilMs`. */
  execution(event: TaskEvent, untilMs: number): Promise<Execution | undefined>;
  /** Alerts that wait for QRS. */
  waiting(): number;
  /** Lets questions that wait for their turn go on at once: QRS is not asked for a while, so each is answered at once. */
  release(): void;
};

/** Questions under way at once: tasks and apps do not queue behind runs, and the client has a connection left for a start. */
const metadataAtOnce = 3;
const runsAtOnce = 4;
const mostKept = 1_000;
/** Alerts beyond these are sent without a question. */
const mostWaiting = 1_000;
/** What comes last is left out at the deadline, so that the rest is not late with it. */
const graceMs = 50;

/** Why an alert is not enriched. */
class UnavailableError extends Error {
  readonly result: EnrichmentResult;
  constructor(result: EnrichmentResult) {
    super(`not enriched: ${result}`);
    this.result = result;
  }
}

export function createEnricher(options: EnricherOptions): Enricher {
  const { repository, keepMs, scriptLogLines, hurry } = options;
  // Every alert that waits listens to it.
  setMaxListeners(0, hurry);
  const metadataTurns = createTurns(metadataAtOnce);
  const runTurns = createTurns(runsAtOnce);
  const kept = { turns: metadataTurns, keepMs, mostKept };
  const tasks = createAnswerCache<Task>({ ask: repository.task, ...kept });
  const apps = createAnswerCache<App>({ ask: repository.app, ...kept });
  const pausesMs = options.pausesMs === undefined ? {} : { pausesMs: options.pausesMs };
  const executions = createExecutions({ repository, turns: runTurns, ...pausesMs });
  let waiting = 0;

  async function appOf({ data }: TaskEvent, task: Promise<Task | undefined>, untilMs: number) {
    const appId = data.appId === "" ? (await task)?.app?.id : data.appId;
    return appId === undefined ? undefined : apps.get(appId, untilMs);
  }

  async function tailOf(taskId: string, run: Execution | undefined, untilMs: number): Promise<readonly string[]> {
    if (run === undefined || !run.scriptLogAvailable) return [];
    const ask = () => repository.scriptLogTail(taskId, run, scriptLogLines);
    return (await runTurns.take(ask, () => performance.now() < untilMs)) ?? [];
  }

  /** Rejects when QRS could not be asked for what it is asked for first. What comes late, or not, after that is left out. */
  async function complete(event: TaskEvent, untilMs: number, run: Execution | undefined): Promise<Complete> {
    const { taskId } = event.data;
    const foundTask = tasks.get(taskId, untilMs);
    const execution = run === undefined ? executions.find(event, untilMs) : Promise.resolve(run);
    const [task, app, found] = await Promise.all([foundTask, appOf(event, foundTask, untilMs), execution]);
    if (found === "unasked" && options.suspended()) throw new UnavailableError("suspended");
    const last = found === "unasked" ? undefined : found;
    const bare: Complete = { kind: "complete", task, app, execution: last, scriptLogTail: undefined };
    if (scriptLogLines === 0) return bare;
    const scriptLogTail = await unlessAway(waitUntil(untilMs, tailOf(taskId, last, untilMs), hurry));
    return { ...bare, scriptLogTail: scriptLogTail ?? [] };
  }

  async function unlessAway<T>(answer: Promise<T | undefined>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (error) {
      resultOf(error);
      return undefined;
    }
  }

  function resultOf(error: unknown): EnrichmentResult {
    if (error instanceof RepositoryError) return error.code;
    if (error instanceof UnavailableError) return error.result;
    if (error instanceof NotAskedError) return "deadline";
    if (error instanceof WaitOverError) return error.reason;
    options.onDefect(error);
    return "defect";
  }

  return {
    async enrich(event, untilMs, run) {
      waiting++;
      try {
        if (event.data.taskId === "") throw new UnavailableError("no-task-id");
        if (waiting > mostWaiting) throw new UnavailableError("too-many");
        const enrichment = await waitUntil(untilMs + graceMs, complete(event, untilMs, run), hurry);
        options.onEnriched("complete");
        return enrichment;
      } catch (error) {
        options.onEnriched(resultOf(error));
        return { kind: "unavailable" };
      } finally {
        waiting--;
      }
    },
    task: (taskId, untilMs) =>
      taskId === "" ? Promise.resolve(undefined) : unlessAway(waitUntil(untilMs, tasks.get(taskId, untilMs), hurry)),
    knownTask: tasks.known,
    execution: (event, untilMs) => unlessAway(waitUntil(untilMs, executions.ask(event, untilMs), hurry)),
    waiting: () => waiting,
    release: () => {
      metadataTurns.release();
      runTurns.release();
    },
  };
}
