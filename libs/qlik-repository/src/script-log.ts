import { setTimeout as delay } from "node:timers/promises";
import { guidAnswer, readAnswer } from "./answers.js";
import type { Client } from "./client.js";
import type { Deadline } from "./deadline.js";
import type { Answer } from "./exchange.js";
import { zeroGuid } from "./guid.js";
import type { Execution } from "./repository.js";
import { RepositoryError } from "./repository-error.js";

/** The end of a script log that is looked at; lines beyond it are not there. */
const endBytes = 256 * 1024;
/** A log that was just promised may not be there to download yet. */
const downloadRetryMs = 500;
const downloadAttempts = 4;

/**
 * The last lines of a run's script log; undefined when QRS has none. Asked by the file reference where the run has one,
 * as before May 2025, and by the execution result otherwise, or when the first way leads nowhere.
 */
export async function readScriptLogTail(
  client: Client,
  { taskId, execution, lines }: { readonly taskId: string; readonly execution: Execution; readonly lines: number },
  deadline: Deadline,
): Promise<readonly string[] | undefined> {
  const { id, fileReferenceId } = execution;
  const byResult = { path: `reloadtask/${taskId}/scriptlogfile`, query: { executionResultId: id } };
  const byReference = { path: `reloadtask/${taskId}/scriptlog`, query: { fileReferenceId: fileReferenceId ?? "" } };
  for (const way of fileReferenceId === undefined ? [byResult] : [byReference, byResult]) {
    try {
      const read = (answer: Answer) => readAnswer(guidAnswer, answer, "the script log");
      const value = await client.ask({ question: "script-log", ...way, read }, deadline);
      if (value === zeroGuid) continue;
      return lastLines(await download(client, `download/reloadtask/${value}/scriptlog.txt`, deadline), lines);
    } catch (error) {
      if (!leadsNowhere(error)) throw error;
    }
  }
  return undefined;
}

async function download(client: Client, path: string, deadline: Deadline): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.ask({ question: "script-log", path, endBytes, read: (answer) => answer }, deadline);
    } catch (error) {
      const isLast = attempt === downloadAttempts || deadline.leftMs() <= downloadRetryMs;
      if (isLast || !(error instanceof RepositoryError) || error.code !== "not-found") throw error;
      await delay(downloadRetryMs, undefined, { signal: deadline.closed }).catch(() => {}); // the next attempt says so
    }
  }
}

function leadsNowhere(error: unknown): boolean {
  return error instanceof RepositoryError && ["not-found", "refused", "invalid-answer"].includes(error.code);
}

/** Without the line ends; a line whose beginning was cut off does not count. */
export function lastLines({ body, cut }: Pick<Answer, "body" | "cut">, count: number): readonly string[] {
  const text = body.toString("utf8").replace(/^\uFEFF/, "");
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (cut) lines.shift();
  return count <= 0 ? [] : lines.slice(-count);
}
