import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";
import { createBreaker, type Leave } from "./breaker.js";
import { createConnector } from "./connect.js";
import type { Deadline } from "./deadline.js";
import { type Answer, ExchangeError, exchange } from "./exchange.js";
import { explainFailure, isSilentHangUp } from "./explain-failure.js";
import { explainStatus } from "./explain-status.js";
import { pathWith } from "./filter.js";
import type { Question, RepositoryOptions } from "./options.js";
import { RepositoryError, type RepositoryErrorCode } from "./repository-error.js";
import { newXrfkey } from "./xrfkey.js";

export type Request<T = unknown> = {
  readonly question: Question;
  readonly method?: "GET" | "POST";
  /** Behind `/qrs/`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Keeps the end of an answer that is larger than so many bytes. */
  readonly endBytes?: number;
  /** Reads a good answer (2xx). Throws a RepositoryError (`invalid-answer`) when it is not one of QRS. */
  readonly read: (answer: Answer) => T;
};

/** Asks QRS, again where that can help. */
export type Client = {
  /** What a good answer says, or a RepositoryError when the deadline passes at the latest. */
  ask<T>(request: Request<T>, deadline: Deadline): Promise<T>;
  readonly host: string;
  /** Resolves once no connection is left. */
  close(): Promise<void>;
};

const defaultPort = 4242;
const retryMinMs = 100;
const retryMaxMs = 2_000;
/** The share of a call's time that one attempt may take, so that a connection which is dead leaves time for another. */
const attemptShare = 0.6;

/** What a moment's wait may mend. */
const canPass: ReadonlySet<RepositoryErrorCode> = new Set(["unreachable", "busy", "timeout"]);
/** What speaks against QRS as a whole rather than against one question. */
const countsAgainstQrs: ReadonlySet<RepositoryErrorCode> = new Set([
  "unreachable",
  "tls",
  "busy",
  "timeout",
  "not-authorised",
]);

export function createClient(options: RepositoryOptions): Client {
  const url = repositoryUrl(options.url);
  const pool = new Pool(url.origin, {
    connect: createConnector(options),
    connections: options.maxConnections ?? 8,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    // Each exchange has a time-out of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const breaker = createBreaker(options.breaker);

  async function attempt<T>(request: Request<T>, timeoutMs: number, closed: AbortSignal): Promise<T> {
    const xrfkey = newXrfkey();
    const answer = await exchange(pool, {
      method: request.method ?? "GET",
      path: pathWith(`${url.pathname}qrs/${request.path}`, { ...request.query, xrfkey }),
      headers: { "x-qlik-xrfkey": xrfkey, "x-qlik-user": options.user, "content-type": "application/json" },
      timeoutMs,
      closed,
      maxBytes: request.endBytes ?? options.maxAnswerBytes ?? 8 * 1024 * 1024,
      keepEnd: request.endBytes !== undefined,
    }).catch((error: unknown) => {
      throw explainFailure(error, url.host);
    });
    if (answer.status >= 200 && answer.status < 300) return request.read(answer);
    throw explainStatus(answer.status, url.host);
  }

  /** One attempt, reported to the breaker and the listener. */
  async function reported<T>(request: Request<T>, leave: Leave, timeoutMs: number, closed: AbortSignal): Promise<T> {
    const startMs = performance.now();
    const report = (outcome: "ok" | RepositoryErrorCode) =>
      options.onRequest?.({ question: request.question, outcome, durationMs: performance.now() - startMs });
    try {
      const answer = await attempt(request, timeoutMs, closed);
      tellPassed(leave);
      report("ok");
      return answer;
    } catch (error) {
      if (!(error instanceof RepositoryError)) {
        leave.dropped();
        throw error;
      }
      tellFailed(leave, request, error, closed);
      report(error.code);
      throw error;
    }
  }

  function tellPassed(leave: Leave): void {
    const wasOpen = breaker.isOpen();
    leave.passed();
    if (wasOpen) options.onResumed?.();
  }

  function tellFailed(leave: Leave, request: Request, error: RepositoryError, closed: AbortSignal): void {
    // A user who may not start tasks may well read them.
    const isOwnFault = request.method === "POST" && error.code === "not-authorised";
    if (!closed.aborted && countsAgainstQrs.has(error.code) && !isOwnFault) {
      const forMs = leave.failed();
      if (forMs !== undefined) options.onSuspended?.({ forMs: Math.round(forMs), cause: error });
    } else if (error.status === undefined || isOwnFault) {
      leave.dropped();
    } else {
      tellPassed(leave); // QRS answered, be it that there is no such task
    }
  }

  return {
    host: url.host,
    async ask(request, deadline) {
      const isRead = (request.method ?? "GET") === "GET";
      const attemptMs = options.timeoutMs * (isRead ? attemptShare : 1);
      let failure: RepositoryError | undefined;
      for (let retries = 0; ; retries++) {
        const leftMs = deadline.leftMs();
        const leave = leftMs > 0 ? breaker.enter() : undefined;
        if (leave === undefined) throw failure ?? notAsked(leftMs, url.host);
        try {
          return await reported(request, leave, Math.min(leftMs, attemptMs), deadline.closed);
        } catch (error) {
          if (!(error instanceof RepositoryError)) throw error;
          // The last attempt may have had no time left; then the failure before it tells more.
          failure = isRead && error.code === "timeout" ? (failure ?? error) : error;
        }
        // A start that may have reached QRS may have started the task.
        if (
          !(canPass.has(failure.code) || isSilentHangUp(failure)) ||
          (!isRead && failure.sent) ||
          deadline.closed.aborted
        )
          throw failure;
        const waitMs = Math.min(retryMinMs * 2 ** retries, retryMaxMs) * (0.5 + Math.random() / 2);
        if (waitMs >= deadline.leftMs()) throw failure;
        await delay(waitMs, undefined, { signal: deadline.closed }).catch(() => {}); // closed: the next attempt says so
      }
    },
    async close() {
      await pool.destroy();
    },
  };
}

function notAsked(leftMs: number, host: string): RepositoryError {
  if (leftMs <= 0) return explainFailure(new ExchangeError("timeout", false), host);
  const message = `${host} is not asked for a while, since it failed again and again: see the warnings before`;
  return new RepositoryError("suspended", message, { sent: false });
}

/** Where QRS listens when the URL does not say; a path stays, for whoever has something in between. */
export function repositoryUrl(given: string): URL {
  const url = new URL(given);
  const hasPort = /^https:\/\/[^/?#]*:\d+(?:[/?#]|$)/i.test(given.trim());
  if (!hasPort) url.port = String(defaultPort);
  url.search = "";
  url.hash = "";
  url.pathname = `${url.pathname.replace(/\/+$/, "").replace(/\/qrs$/i, "")}/`;
  return url;
}
