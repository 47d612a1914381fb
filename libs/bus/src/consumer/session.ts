import { type LinkState, pause } from "@sense-alerts/link-kit";
import type { Msg, NatsConnection } from "nats";
import {
  type ApiStatus,
  isNoResponders,
  isPullExpired,
  isStreamGone,
  statusOfError,
} from "../connection/api-status.js";
import type { Connection } from "../connection/connection.js";
import { explainNatsError } from "../connection/explain.js";
import { isUnanswered } from "../connection/look.js";
import type { BusLogger, BusOptions } from "../connection/options.js";
import { deletionMs, retryDelayMs } from "../connection/wait.js";
import { readBacklog } from "./backlog.js";
import type { ConsumerOptions } from "./consumption.js";
import { durableExists, ensureDurable, unlimited } from "./durable.js";
import { type Pull, startPull } from "./pull.js";

export type SessionOptions = BusOptions & ConsumerOptions & { readonly stream: string; readonly ackWaitMs: number };

export type SessionEvents = {
  readonly onMessage: (message: Msg, reply: string) => void;
  /** How many more messages may be in flight. */
  readonly room: () => number;
  /** The consumer answers again after an interruption, perhaps with a new leader. Not called at the first start. */
  readonly onAnswers: () => void;
  /** Of the deliveries without an acknowledgement, how many are still with their handlers here. */
  readonly inFlight: () => number;
  /** Less room than this is asked for a moment later, together with what becomes free until then. */
  readonly leastRoom: number;
};

/** What asks a durable consumer for messages, over all connections and whatever becomes of the consumer. */
export type Session = {
  state(): LinkState;
  /** Asks for as many messages as there is room for; a moment later if that is little. */
  askSoon(): void;
  /** Looks at the consumer again and asks afresh, unless it is about to. */
  restart(why: string): void;
  /** To be called now and then. */
  check(nowMs: number): void;
  /** Asks for nothing more; resolves when no message can come any more. */
  close(): Promise<void>;
};

const soonMs = 5;
const retryMs = 250;
const shortReadMs = 2_000;
/** How long the acknowledgements of all replicas may take to reach NATS after an interruption. */
const settleMs = 3_000;
/** A consumer whose leader moves is back sooner: until then the link counts as up. */
const movingMs = 5_000;

export function startSession(
  connection: Connection,
  options: SessionOptions,
  logger: BusLogger,
  { onMessage, onAnswers, room, inFlight, leastRoom }: SessionEvents,
): Session {
  const { stream, durable, ackWaitMs } = options;
  const subject = `${connection.apiPrefix}.CONSUMER.MSG.NEXT.${stream}.${durable}`;
  const closed = new AbortController();
  let looking = new AbortController();
  let pull: Pull | undefined;
  let limits = unlimited;
  let isReading = false;
  let readingSinceMs: number | undefined;
  /** When NATS last answered a request for messages. */
  let lastHeardMs: number | undefined;
  /** How often in a row NATS ended the requests as soon as it was asked. */
  let shortReads = 0;
  /** When it stopped reading because its leader moved; undefined when for another reason. */
  let movingSinceMs: number | undefined;
  let detail = "not connected yet";
  let soon: NodeJS.Timeout | undefined;

  function ask(atLeast: number): void {
    const free = isReading && pull?.isOpen() === false ? room() : 0;
    if (free >= atLeast) pull?.request(free, limits);
  }

  function askSoon(): void {
    ask(leastRoom);
    if (!isReading || pull?.isOpen() !== false || soon !== undefined) return;
    soon = setTimeout(() => {
      soon = undefined;
      ask(1);
    }, soonMs);
  }

  function onEnd(status: ApiStatus): void {
    if (isPullExpired(status)) return void ask(1);
    const reason = isNoResponders(status) ? "nobody answers" : status.description;
    if (connection.isNews(reason)) logger.warn({ consumer: durable, reason }, "nats ended a request for messages");
    restart(`NATS ended the request for messages: ${reason}`);
  }

  /** Resolves when nothing can come any more of what was asked for. */
  async function stopReading(why: string): Promise<void> {
    const ended = pull;
    looking.abort();
    isReading = false;
    detail = why;
    lastHeardMs = ended?.heardMs() ?? lastHeardMs;
    pull = undefined;
    await ended?.close();
  }

  function restart(why: string): void {
    if (!isReading || closed.signal.aborted) return;
    const nowMs = performance.now();
    movingSinceMs = nowMs;
    shortReads = nowMs - (readingSinceMs ?? 0) < shortReadMs ? shortReads + 1 : 0;
    void look(why, shortReads > 1 ? retryDelayMs(shortReads) : retryMs);
  }

  /** A consumer that is made in the moment in which NATS removes the files of its predecessor loses its own. */
  async function waitWhileDeleted(signal: AbortSignal): Promise<void> {
    const current = connection.current();
    if (readingSinceMs === undefined || current === undefined || (await durableExists(current, options))) return;
    detail = "the consumer is gone";
    await pause(deletionMs, signal);
  }

  /**
   * After an interruption NATS delivers again what was not acknowledged within the ack wait, to any replica. So none
   * asks for messages before the others had time to acknowledge what they have finished meanwhile.
   */
  async function waitForAcks(current: NatsConnection, signal: AbortSignal): Promise<void> {
    if (lastHeardMs === undefined || performance.now() - lastHeardMs < ackWaitMs / 2) return;
    const untilMs = performance.now() + settleMs;
    while (!signal.aborted && performance.now() < untilMs) {
      const backlog = await readBacklog(current, options, stream, durable);
      if (backlog !== undefined && backlog.ackPending <= inFlight()) return;
      await pause(retryMs, signal);
    }
  }

  /** Looks at the durable consumer until it is there or the connection breaks; then asks for messages. */
  async function look(why: string, afterMs: number): Promise<void> {
    void stopReading(why);
    looking = new AbortController();
    const { signal } = looking;
    if (afterMs > 0) await pause(afterMs, signal);
    for (let attempt = 0; !signal.aborted; attempt++) {
      const lookedMs = performance.now();
      try {
        await waitWhileDeleted(signal);
        const current = connection.current();
        if (current === undefined || signal.aborted) return;
        const found = await ensureDurable(current, options, logger);
        if (found.skipped > 0) options.onPassedOver(found.skipped);
        limits = found.limits;
        if (readingSinceMs !== undefined) onAnswers();
        await waitForAcks(current, signal);
        if (signal.aborted) return;
        pull = startPull(connection, current, subject, { onMessage, onEnd });
        isReading = true;
        readingSinceMs = performance.now();
        movingSinceMs = undefined;
        detail = durable;
        return ask(1);
      } catch (error) {
        if (signal.aborted) return;
        detail = explainNatsError(error, options);
        const facts = { stream, consumer: durable, reason: detail, err: error };
        if (connection.isNews(detail)) logger.warn(facts, "waiting for the consumer");
        if (isStreamGone(statusOfError(error))) return connection.recheck();
        if (isUnanswered(error)) connection.reportFailure(lookedMs);
        await pause(retryDelayMs(attempt), signal);
      }
    }
  }

  connection.onChange((up) => {
    movingSinceMs = undefined;
    if (closed.signal.aborted) return;
    void (up ? look("looking at the consumer", 0) : stopReading("no connection to NATS"));
  });

  return {
    state: () => {
      const isMoving = movingSinceMs !== undefined && performance.now() - movingSinceMs < movingMs;
      return { up: isReading || isMoving, detail };
    },
    askSoon,
    restart,
    check: (nowMs) => {
      if (pull?.isSilent(nowMs)) restart("NATS does not answer the request for messages");
      else ask(1);
    },
    close: async () => {
      closed.abort();
      clearTimeout(soon);
      movingSinceMs = undefined;
      await stopReading("closed");
    },
  };
}
