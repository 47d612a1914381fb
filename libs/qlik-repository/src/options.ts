import type { RepositoryError, RepositoryErrorCode } from "./repository-error.js";

export type RepositoryOptions = {
  /** `https://sense.example.com:4242`; without a port 4242 is taken. */
  readonly url: string;
  /** Paths of PEM files. They are read for each new connection, so that a file which was replaced is taken up. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly caFile?: string | undefined;
  /** Takes any certificate of the server. */
  readonly tlsInsecure?: boolean;
  /** The value of X-Qlik-User: `UserDirectory=Internal;UserId=sa_repository`. */
  readonly user: string;
  /** For one call of a Repository, with all the requests and retries that it takes. */
  readonly timeoutMs: number;
  /** Connections at most; what is over it waits its turn. 8 unless said. */
  readonly maxConnections?: number;
  /** Answers that are larger are refused. 8 MiB unless said. */
  readonly maxAnswerBytes?: number;
  readonly breaker?: BreakerOptions;
  /** Called after every request. */
  readonly onRequest?: (request: RequestReport) => void;
  /** QRS failed again and again, and is not asked for `forMs` milliseconds. */
  readonly onSuspended?: (suspension: { readonly forMs: number; readonly cause: RepositoryError }) => void;
  /** QRS answered again. */
  readonly onResumed?: () => void;
};

export type BreakerOptions = {
  /** Failed requests in a row that suspend the questions. 5 unless said. */
  readonly failures?: number;
  /** The first pause, 1 s unless said; each failed probe doubles it up to `maxPauseMs`, 30 s unless said. */
  readonly minPauseMs?: number;
  readonly maxPauseMs?: number;
};

/** What was asked for: each is a label of metrics. */
export type Question = "task" | "app" | "execution" | "script-log" | "start-task" | "inspection";

export type RequestReport = {
  readonly question: Question;
  readonly outcome: "ok" | RepositoryErrorCode;
  readonly durationMs: number;
};
