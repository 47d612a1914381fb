import {
  createRepository,
  type Repository,
  type RepositoryOptions,
  type RequestReport,
} from "@sense-alerts/qlik-repository";
import type { LinkState, Logger } from "@sense-alerts/service-kit";

export type RepositoryLink = {
  readonly repository: Repository;
  state(): LinkState;
  /** It failed again and again, and is not asked for a while. */
  suspended(): boolean;
  /** Called with whether it is suspended now. */
  onSuspension(listener: (isSuspended: boolean) => void): void;
  close(): Promise<void>;
};

export type RepositoryLinkOptions = Omit<RepositoryOptions, "onSuspended" | "onResumed"> & {
  /** Takes the place of the real one. */
  readonly create?: (options: RepositoryOptions) => Repository;
};

/** An id that nothing has: the answer to it tells that QRS is there. */
const nobody = "00000000-0000-0000-0000-000000000000";
const probeEveryMs = 15_000;
/** How much later than the end of a pause QRS is asked whether it is back. */
const afterPauseMs = 20;
/** What QRS says when it is there and lets us in. */
const good: ReadonlySet<RequestReport["outcome"]> = new Set(["ok", "not-found", "refused"]);

/**
 * QRS as a link of the service: that it is away is logged once, and once that it is back. It is asked at the start,
 * after a failure, and now and then while it is away, so that it is back before an alert needs it.
 */
export function startRepositoryLink(options: RepositoryLinkOptions, logger: Logger): RepositoryLink {
  const { create = createRepository, ...repositoryOptions } = options;
  const { url } = repositoryOptions;
  const listeners: ((isSuspended: boolean) => void)[] = [];
  let known: "unknown" | "there" | "away" = "unknown";
  let suspended = false;
  let detail = "not asked yet";
  let probing = false;
  let nextProbe: NodeJS.Timeout | undefined;
  let closed = false;

  const repository = create({
    ...repositoryOptions,
    onRequest: (request) => {
      if (good.has(request.outcome)) isThere();
      else if (known === "there") void probe();
      repositoryOptions.onRequest?.(request);
    },
    onSuspended: ({ forMs, cause }) => {
      suspended = true;
      isAway(cause, forMs + afterPauseMs);
      for (const listener of listeners) listener(true);
    },
    onResumed: () => {
      suspended = false;
      for (const listener of listeners) listener(false);
    },
  });

  function isThere(): void {
    if (known === "there" || closed) return;
    logger.info({ url }, known === "away" ? "qrs is back" : "qrs is there");
    known = "there";
    detail = url;
    clearTimeout(nextProbe);
  }

  function isAway(cause: Error, probeInMs: number): void {
    if (closed) return;
    if (known !== "away") logger.warn({ url, reason: cause.message, err: cause }, "qrs is away");
    known = "away";
    detail = cause.message;
    clearTimeout(nextProbe);
    nextProbe = setTimeout(probe, probeInMs);
  }

  async function probe(): Promise<void> {
    if (probing || closed) return;
    probing = true;
    try {
      await repository.task(nobody);
    } catch (error) {
      if (!suspended) isAway(error instanceof Error ? error : new Error(String(error)), probeEveryMs);
    } finally {
      probing = false;
    }
  }

  if (repositoryOptions.tlsInsecure === true) {
    logger.warn({ setting: "QRS_TLS_INSECURE" }, "the certificate of qrs is not checked");
  }
  void probe();
  return {
    repository,
    state: () => ({ up: known === "there", detail }),
    suspended: () => suspended,
    onSuspension: (listener) => listeners.push(listener),
    close: async () => {
      closed = true;
      clearTimeout(nextProbe);
      await repository.close();
    },
  };
}
