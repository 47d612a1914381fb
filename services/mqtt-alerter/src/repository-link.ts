import { createRepository, type Repository, type RepositoryOptions } from "@sense-alerts/qlik-repository";
import type { LinkState, Logger } from "@sense-alerts/service-kit";

export type RepositoryLink = {
  readonly repository: Repository;
  state(): LinkState;
  /** It failed again and again, and is not asked for a while. */
  away(): boolean;
  onAway(listener: () => void): void;
  close(): Promise<void>;
};

export type RepositoryLinkOptions = Omit<RepositoryOptions, "onSuspended" | "onResumed"> & {
  /** Takes the place of the real one. */
  readonly create?: (options: RepositoryOptions) => Repository;
};

/** An id that nothing has: the answer to it tells that QRS is there. */
const nobody = "00000000-0000-0000-0000-000000000000";
/** How much later than the end of a pause QRS is asked whether it is back. */
const afterPauseMs = 20;

/**
 * QRS as a link of the service: that it is away is logged once, and once that it is back. It is asked at the start and after
 * each pause while it is away, so that it is back before an alert needs it.
 */
export function startRepositoryLink(options: RepositoryLinkOptions, logger: Logger): RepositoryLink {
  const { create = createRepository, ...repositoryOptions } = options;
  const url = repositoryOptions.url;
  const listeners: (() => void)[] = [];
  let state: "unknown" | "there" | "away" = "unknown";
  let detail = "not asked yet";
  let nextProbe: NodeJS.Timeout | undefined;
  let closed = false;

  const repository = create({
    ...repositoryOptions,
    onRequest: (request) => {
      if (request.outcome === "ok" && state === "unknown") isThere();
      repositoryOptions.onRequest?.(request);
    },
    onSuspended: ({ forMs, cause }) => {
      if (closed) return;
      detail = cause.message;
      if (state !== "away") logger.warn({ url, reason: cause.message, err: cause }, "qrs is away");
      state = "away";
      clearTimeout(nextProbe);
      nextProbe = setTimeout(probe, forMs + afterPauseMs);
      for (const listener of listeners) listener();
    },
    onResumed: isThere,
  });

  function isThere(): void {
    clearTimeout(nextProbe);
    logger.info({ url }, state === "away" ? "qrs is back" : "qrs is there");
    state = "there";
    detail = url;
  }

  function probe(): void {
    // What came of it is told by the callbacks.
    repository.task(nobody).catch(() => undefined);
  }

  if (repositoryOptions.tlsInsecure === true) {
    logger.warn({ setting: "QRS_TLS_INSECURE" }, "the certificate of qrs is not checked");
  }
  probe();
  return {
    repository,
    state: () => ({ up: state === "there", detail }),
    away: () => state === "away",
    onAway: (listener) => listeners.push(listener),
    close: async () => {
      closed = true;
      clearTimeout(nextProbe);
      await repository.close();
    },
  };
}
