import { randomUUID } from "node:crypto";
import { BusError, type Delivery, type Outcome } from "@sense-alerts/bus";
import { backoffMs } from "@sense-alerts/link-kit";
import { RepositoryError, type Task } from "@sense-alerts/qlik-repository";
import { allowsId, allowsNothing, allowsTask } from "./allow-list.js";
import type { CarryOut, CarryOutOptions } from "./carry-out-options.js";
import { lastRunOf } from "./last-run.js";
import { type FoundRecord, type StartRecord, writeFirmly } from "./start-log.js";
import {
  failed,
  failureOf,
  foundStarted,
  type RefusalCode,
  refused,
  type StartResult,
  started,
} from "./start-result.js";
import { decodeRequest, type StoredRequest } from "./stored-request.js";
import { createWaiting } from "./waiting.js";

/** A request that could not be carried out for so long fails: to start its task hours later would be wrong. */
export const waitAtMostMs = 300_000;
const firstRetryMs = 1_000;
const retries = { minMs: firstRetryMs, maxMs: 10_000 };
/** On top of the longest call: an attempt that is that old and has no result was broken off by a crash. */
const brokenOffMs = 10_000;

/** What passes by itself. */
const passing: readonly string[] = ["unreachable", "busy", "timeout", "suspended"];

/**
 * The use case: makes a handler that turns a request from the stream into one call of QRS at most, and is done when its
 * answer is published. Before the call it writes down that it is about to be made, after it what came of it: whoever
 * finds the first without the second calls again only when QRS knows of no run since
 * (docs/decisions/0006-start-once.md).
 */
export function createCarryOut(options: CarryOutOptions): CarryOut {
  const { allow, repository, log, answer, onResult, clock = Date.now } = options;
  const waiting = createWaiting();
  /** By key, the write of an attempt whose acknowledgement did not come, so that QRS was not called. */
  const notBegun = new Map<string, string>();
  let inHand = 0;

  /** An answer, or when to look again. */
  async function settle(
    request: StoredRequest,
    deliveries: number,
    signal: AbortSignal,
  ): Promise<StartResult | Outcome> {
    const found = await log.find(request.key);
    const isOwnNotBegun = found !== undefined && found.writeId === notBegun.get(request.key);
    notBegun.delete(request.key);
    if (found?.record.state === "attempt" && !isOwnNotBegun) {
      const judged = await judgeAttempt(request, found, found.record.lastRun, deliveries, signal);
      if (judged !== "not-begun") return judged;
    }
    if (found?.record.state === "answered") {
      const { result } = found.record;
      onResult(request, result, true);
      return result;
    }
    const task = await judge(request, deliveries);
    if (!("metadata" in task)) return task;
    const by = `${options.instance} ${deliveries}`;
    const attempt: StartRecord = { state: "attempt", by, lastRun: lastRunOf(task) };
    const writeId = randomUUID();
    notBegun.set(request.key, writeId);
    const sequence = await log.write(request.key, attempt, found?.sequence ?? 0, writeId);
    notBegun.delete(request.key);
    if (sequence === undefined) return later(firstRetryMs);
    return start(request, task.id, sequence, deliveries, signal);
  }

  /** Somebody has called QRS, or was about to: once that must be over, the runs of the task tell which. */
  async function judgeAttempt(
    request: StoredRequest,
    { sequence, storedAtMs }: FoundRecord,
    lastRun: string,
    deliveries: number,
    signal: AbortSignal,
  ): Promise<StartResult | Outcome | "not-begun"> {
    if (clock() - storedAtMs < options.repositoryTimeoutMs + brokenOffMs) return later(firstRetryMs);
    const end = async (result: StartResult) =>
      (await record(request, result, sequence, signal)) ? recorded(request, result) : later(firstRetryMs);
    try {
      const task = await repository.task(request.taskId ?? "");
      if (task !== undefined) return lastRunOf(task) === lastRun ? "not-begun" : await end(foundStarted(request));
    } catch (error) {
      if (!(error instanceof RepositoryError)) throw error;
      if (passing.includes(error.code) && leftMs(request) > 0) return wait(request, error, deliveries);
    }
    const sentence =
      "the alerter that was starting the task broke off; whether it was started is unknown: look at the task";
    return end(failed(request, "unknown", sentence));
  }

  /** The task, when it may be started. */
  async function judge(request: StoredRequest, deliveries: number): Promise<StartResult | Outcome | Task> {
    const { taskId, problem } = request;
    const refuse = (code: RefusalCode) => recorded(request, refused(request, code));
    if (problem !== null) return refuse(problem);
    if (taskId === null) return refuse("not-a-guid");
    if (leftMs(request) <= 0) {
      const why = waiting.reason(request.key) ?? "no alerter was there to carry it out";
      return recorded(request, failed(request, "too-late", `it waited ${waitAtMostMs / 1000} seconds in vain: ${why}`));
    }
    if (allowsNothing(allow)) return refuse("nothing-allowed");
    const allowed = allowsId(allow, taskId);
    if (allowed === false) return refuse("not-allowed");
    try {
      const task = await repository.task(taskId);
      if (task === undefined) return refuse("no-such-task");
      return allowed || allowsTask(allow, task) ? task : refuse("not-allowed");
    } catch (error) {
      if (!(error instanceof RepositoryError)) throw error;
      if (passing.includes(error.code)) return wait(request, error, deliveries);
      return recorded(request, failed(request, "qrs-failed", error.message));
    }
  }

  async function start(
    request: StoredRequest,
    taskId: string,
    sequence: number,
    deliveries: number,
    signal: AbortSignal,
  ): Promise<StartResult | Outcome> {
    const settled = async (result: StartResult) => {
      await record(request, result, sequence, signal);
      return recorded(request, result);
    };
    try {
      return await settled(started(request, await repository.startTask(taskId)));
    } catch (error) {
      if (!(error instanceof RepositoryError)) throw error;
      if (!error.sent && passing.includes(error.code)) {
        await writeFirmly(log, { key: request.key, record: { state: "open" }, after: sequence }, signal);
        return wait(request, error, deliveries);
      }
      return settled(failureOf(request, error));
    }
  }

  function record(request: StoredRequest, result: StartResult, after: number, signal: AbortSignal) {
    return writeFirmly(log, { key: request.key, record: { state: "answered", result }, after }, signal);
  }

  function wait(request: StoredRequest, { message }: RepositoryError, deliveries: number): StartResult | Outcome {
    if (!waiting.add(request.key, message)) return recorded(request, refused(request, "too-many-waiting"));
    options.onWait(request, message);
    return later(Math.max(1, Math.min(Math.ceil(backoffMs(deliveries - 1, retries)), leftMs(request))));
  }

  function leftMs({ receivedAt }: StoredRequest): number {
    return Date.parse(receivedAt) + waitAtMostMs - clock();
  }

  function recorded(request: StoredRequest, result: StartResult): StartResult {
    waiting.remove(request.key);
    onResult(request, result, false);
    return result;
  }

  async function handle(delivery: Delivery, signal: AbortSignal): Promise<Outcome> {
    const request = decodeRequest(delivery.bytes);
    if (request === undefined) return { kind: "dead", reason: "not-a-request" };
    inHand++;
    try {
      const settled = await settle(request, delivery.deliveries, signal);
      return "kind" in settled ? settled : await answer(request, settled, signal);
    } catch (error) {
      if (error instanceof BusError) return later(signal.aborted ? 0 : firstRetryMs);
      throw error;
    } finally {
      inHand--;
    }
  }

  return { handle, inHand: () => inHand, waiting: waiting.count };
}

function later(delayMs: number): Outcome {
  return { kind: "later", delayMs };
}
