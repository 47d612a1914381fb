import type { Delivery, Outcome } from "@sense-alerts/bus";
import type { Repository } from "@sense-alerts/qlik-repository";
import type { AllowList } from "./allow-list.js";
import type { StartLog } from "./start-log.js";
import type { StartResult } from "./start-result.js";
import type { StoredRequest } from "./stored-request.js";

export type CarryOutOptions = {
  readonly allow: AllowList;
  readonly repository: Pick<Repository, "task" | "startTask">;
  readonly log: Pick<StartLog, "find" | "write">;
  readonly answer: (request: StoredRequest, result: StartResult, signal: AbortSignal) => Promise<Outcome>;
  /** Names this process among the replicas. */
  readonly instance: string;
  /** A call of the repository takes no longer. */
  readonly repositoryTimeoutMs: number;
  readonly onResult: (request: StoredRequest, result: StartResult, repeated: boolean) => void;
  readonly onWait: (request: StoredRequest, reason: string) => void;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
};

export type CarryOut = {
  handle(delivery: Delivery, signal: AbortSignal): Promise<Outcome>;
  /** Requests being worked on. */
  inHand(): number;
  /** Requests that this replica put off because QRS is away. */
  waiting(): number;
};
