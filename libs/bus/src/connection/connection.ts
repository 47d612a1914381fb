import { connect, createInbox, DebugEvents, Events, type NatsConnection } from "nats";
import { ensureStreams } from "../streams/streams.js";
import { connectOptions, hostAndPort } from "./connect-options.js";
import { explainNatsError, explainServerError } from "./explain.js";
import { createNews } from "./news.js";
import type { BusLogger, BusOptions } from "./options.js";
import { backoffMs, deletionMs, pause } from "./wait.js";

export type LinkState = { readonly up: boolean; readonly detail: string };

/** One lasting link to NATS, whatever becomes of the connections under it. */
export type Connection = {
  /** The connection while it can be used: connected, and both streams looked at. */
  current(): NatsConnection | undefined;
  /** The beginning of a new reply subject, with the dot behind it. */
  newInbox(): string;
  state(): LinkState;
  /** Whether a reason for waiting is worth a log line: nobody has logged it since the link was last good, or that is long ago. */
  isNews(reason: string): boolean;
  /** Called with the present and each new connection object before it is used, to subscribe. */
  onOpen(listener: (connection: NatsConnection) => void): void;
  /** Called with each change between usable and not, and at once if it is usable now. */
  onChange(listener: (up: boolean) => void): void;
  /** Looks at the streams again, after an answer that says they are gone. */
  recheck(): void;
  close(): Promise<void>;
};

/** Connects in the background and for ever; never rejects. Each reason why it waits, and each error of the server, is logged once and every 30 s. */
export function startConnection(options: BusOptions, logger: BusLogger): Connection {
  const stopping = new AbortController();
  const openListeners: ((connection: NatsConnection) => void)[] = [];
  const changeListeners: ((up: boolean) => void)[] = [];
  const servers = options.servers.map(hostAndPort);
  /** What the last server said of its cluster. */
  let others: readonly string[] = [];
  let live: NatsConnection | undefined;
  let usable = false;
  /** What is under way on the present link; aborted when it breaks, so that nothing waits for answers that cannot come. */
  let link = new AbortController();
  let detail = "not connected yet";
  const news = createNews();

  function setUp(up: boolean, why: string): void {
    detail = why;
    if (usable === up) return;
    usable = up;
    if (up) news.forget();
    if (up) logger.info({ server: why }, "nats is there");
    for (const listener of changeListeners) listener(up);
  }

  function waiting(why: string, error: unknown): void {
    setUp(false, why);
    if (news.has(why)) logger.warn({ servers, reason: why, err: error }, "waiting for nats");
  }

  /** Looks at the streams until they are right or the link breaks. */
  async function prepare(connection: NatsConnection, afterMs = 0): Promise<void> {
    link.abort();
    link = new AbortController();
    const { signal } = link;
    if (afterMs > 0) await pause(afterMs, signal);
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await ensureStreams(connection, options, logger);
        if (!signal.aborted) setUp(true, connection.getServer());
        return;
      } catch (error) {
        if (signal.aborted) return;
        waiting(explainNatsError(error, options), error);
        await pause(backoffMs(attempt), signal);
      }
    }
  }

  async function watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      // nats.js would first send the rest, for which a hung server may have no room.
      if (status.type === DebugEvents.StaleConnection) void connection.close();
      else if (status.type === Events.Error) {
        const reason = explainServerError(String(status.data), status.permissionContext, options);
        if (news.has(reason)) logger.warn({ reason }, "nats reports an error");
      }
    }
  }

  async function supervise(): Promise<void> {
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      try {
        const connection = await connect(connectOptions(options, others));
        if (stopping.signal.aborted) return await connection.close();
        live = connection;
        others = connection.info?.connect_urls ?? [];
        attempt = 0;
        for (const listener of openListeners) listener(connection);
        void watch(connection);
        void prepare(connection);
        const error = await connection.closed();
        live = undefined;
        link.abort();
        if (!stopping.signal.aborted) waiting("the connection broke", error);
      } catch (error) {
        if (!stopping.signal.aborted) waiting(explainNatsError(error, options), error);
      }
      await pause(backoffMs(attempt), stopping.signal);
    }
  }

  const supervised = supervise();

  return {
    current: () => (usable && live?.isClosed() === false ? live : undefined),
    newInbox: () => `${createInbox(options.inboxPrefix)}.`,
    state: () => ({ up: usable, detail }),
    isNews: news.has,
    onOpen: (listener) => {
      openListeners.push(listener);
      if (live !== undefined) listener(live);
    },
    onChange: (listener) => {
      changeListeners.push(listener);
      if (usable) listener(true);
    },
    recheck: () => {
      if (live === undefined || !usable) return;
      setUp(false, "a stream is gone");
      void prepare(live, deletionMs);
    },
    close: async () => {
      stopping.abort();
      link.abort();
      setUp(false, "closed");
      // A dial still under way ends by its own time-out; there is nothing to wait for in it.
      if (live === undefined) return;
      await live.close();
      await supervised;
    },
  };
}
