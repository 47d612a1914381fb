import { pause, type Throttle } from "@sense-alerts/link-kit";
import type { NatsConnection } from "nats";
import { ensureStreams } from "../streams/streams.js";
import { isStreamGone, statusOfError } from "./api-status.js";
import { explainNatsError } from "./explain.js";
import { isLeaderAlone, isUnanswered, lookAtStreams } from "./look.js";
import type { BusLogger, BusOptions } from "./options.js";
import type { Phases } from "./phases.js";
import { deletionMs, retryDelayMs } from "./wait.js";

export type WatchedLink = {
  readonly connection: NatsConnection;
  readonly options: BusOptions;
  readonly logger: BusLogger;
  readonly phases: Phases;
  readonly news: Throttle;
  /** Aborts when the connection breaks. */
  readonly signal: AbortSignal;
  /** Whether the streams were there on an earlier connection: this one is used at once, and looked at meanwhile. */
  readonly isKnown: boolean;
  /** Called at each look, about every 5 s. */
  readonly onLook: () => void;
  /** Whether another server could be better. */
  readonly hasOthers: () => boolean;
  /** Gives up the connection because JetStream has failed on it for too long. */
  readonly leave: () => void;
};

export type StreamWatch = {
  /** A message that was sent at this time (performance.now) was not stored for want of a leader or of an answer. */
  failed(sinceMs: number): void;
  /** JetStream has stored, delivered or confirmed something. */
  worked(): void;
  /** NATS said that a stream is not there. */
  gone(): void;
};

const lookEveryMs = 5_000;
const movingLookMs = 1_000;
/** Longer than a publish waits for its acknowledgement: without a failure for so long, the trouble is over. */
const quietMs = 6_000;
/** Longer than an election takes: until then another server would not help. */
const leaveAfterMs = 10_000;
/**
 * A server that answers and stores nothing is cut off from the others. Shorter than the ack wait, so that what was
 * finished is acknowledged elsewhere before another replica has it again.
 */
const leaveCutOffAfterMs = 6_000;

/**
 * Makes the streams behind one connection and looks at them every 5 s, more often while JetStream fails. A stream that
 * is gone makes the link unusable until it is made again; a leader that is moving does not. A server whose JetStream
 * has failed for 10 s is left, one that is cut off from the others after 6 s.
 */
export function watchStreams(link: WatchedLink): StreamWatch {
  const { connection, options, logger, phases, news, signal } = link;
  const server = connection.getServer();
  /** No look at this connection has succeeded. */
  let isNew = true;
  let failingSinceMs: number | undefined;
  let lastFailureMs = Number.NEGATIVE_INFINITY;
  /** Nothing is made before this time. */
  let makeAfterMs = 0;
  let nap = new AbortController();
  const quiet = { ...logger, warn: () => {} };
  signal.addEventListener("abort", () => nap.abort(), { once: true });

  async function run(): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      nap = new AbortController();
      const startedMs = performance.now();
      if (makeAfterMs > startedMs) await pause(makeAfterMs - startedMs, signal);
      link.onLook();
      const reason = await look();
      if (signal.aborted) return;
      if (reason === undefined) attempt = 0;
      const waitMs = reason === undefined ? afterSuccess() : afterFailure(reason, startedMs, attempt);
      await pause(waitMs, nap.signal);
    }
  }

  /** Undefined when all is right, or what is wrong. */
  async function look(): Promise<unknown> {
    const isUsable = phases.isUsable();
    try {
      if (!isUsable) await ensureStreams(connection, options, logger);
      await lookAtStreams(connection, options);
      // What differs from the settings has been logged when the link came up.
      if (phases.phase() === "moving") await ensureStreams(connection, options, quiet);
      return undefined;
    } catch (error) {
      return error ?? new Error("unknown");
    }
  }

  function afterSuccess(): number {
    if (isNew || phases.phase() === "checking") {
      isNew = false;
      // What the publisher reported of the time before is over.
      failingSinceMs = undefined;
      news.forget();
      phases.set("up", server);
      logger.info({ server }, "nats is there");
    }
    const nowMs = performance.now();
    if (failingSinceMs === undefined) return lookEveryMs;
    if (nowMs - lastFailureMs > quietMs) worked();
    else if (nowMs - failingSinceMs >= leaveCutOffAfterMs && link.hasOthers()) leave("messages are not stored");
    return movingLookMs;
  }

  function afterFailure(error: unknown, startedMs: number, attempt: number): number {
    const why = explainNatsError(error, options);
    if (isStreamGone(statusOfError(error)) && phases.isUsable()) gone();
    else if (!isUnanswered(error)) check(why, error);
    else {
      failingSinceMs ??= startedMs;
      const mostMs = isLeaderAlone(error) ? leaveCutOffAfterMs : leaveAfterMs;
      const isLong = performance.now() - failingSinceMs >= mostMs;
      if (isLong && link.hasOthers()) leave(why);
      else if (!isLong && phases.isUsable()) move(why, error);
      else check(why, error);
    }
    return phases.phase() === "moving" ? movingLookMs : retryDelayMs(attempt);
  }

  function move(why: string, error?: unknown): void {
    const reason = `JetStream does not answer: ${why}`;
    phases.set("moving", reason);
    if (news.passes(reason)) logger.warn({ server, reason: why, err: error }, "jetstream does not answer");
  }

  function check(why: string, error?: unknown): void {
    phases.set("checking", why);
    if (news.passes(why)) logger.warn({ servers: [server], reason: why, err: error }, "waiting for nats");
  }

  function leave(why: string): void {
    logger.warn({ server, reason: why }, "leaving a nats server whose jetstream does not answer");
    link.leave();
  }

  function worked(): void {
    if (failingSinceMs === undefined) return;
    const afterMs = Math.round(performance.now() - failingSinceMs);
    failingSinceMs = undefined;
    if (phases.phase() !== "moving") return;
    phases.set("up", server);
    logger.info({ server, afterMs }, "jetstream answers again");
  }

  function gone(): void {
    if (!phases.isUsable()) return;
    makeAfterMs = performance.now() + deletionMs;
    check("a stream is gone");
    nap.abort();
  }

  if (link.isKnown) phases.set("moving", server);
  else phases.set("checking", "looking at the streams");
  void run();

  return {
    failed: (sinceMs) => {
      lastFailureMs = performance.now();
      failingSinceMs ??= sinceMs;
      if (phases.phase() !== "up") return;
      move("a message was not stored");
      nap.abort();
    },
    worked,
    gone,
  };
}
