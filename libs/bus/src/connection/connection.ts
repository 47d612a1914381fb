import { createThrottle, type LinkState, pause } from "@sense-alerts/link-kit";
import { createInbox, DebugEvents, Events, type Msg, type NatsConnection, type Subscription } from "nats";
import { type Dialled, dialFirst } from "./dial.js";
import { explainNatsError, explainServerError } from "./explain.js";
import { apiPrefixOf } from "./jetstream-api.js";
import type { BusLogger, BusOptions } from "./options.js";
import { createPhases, type Phase } from "./phases.js";
import { createServerList } from "./servers.js";
import { type StreamWatch, watchStreams } from "./stream-watch.js";
import { subscribe } from "./subscribe.js";
import { retryDelayMs } from "./wait.js";

/** One lasting link to NATS over any number of connections, one after the other. */
export type Connection = {
  /** The connection while it can be used: in the phases `up` and `moving`. */
  current(): NatsConnection | undefined;
  phase(): Phase;
  /** `up` in the phases `up` and `moving`. */
  state(): LinkState;
  /** The beginning of every subject of JetStream's API, without a dot at the end; it holds the JetStream domain. */
  readonly apiPrefix: string;
  /** The beginning of a new reply subject, with the dot behind it. */
  newInbox(): string;
  /**
   * Subscribes on a connection that `onOpen` or `current` gave. An exception of `onMessage` is logged and ends nothing.
   */
  subscribe(on: NatsConnection, subject: string, onMessage: (message: Msg) => void): Subscription;
  /** Whether a reason for waiting is worth a log line: not logged since the link was last good, or long ago. */
  isNews(reason: string): boolean;
  /** Called with the present and each new connection object before it is used, to subscribe. */
  onOpen(listener: (connection: NatsConnection) => void): void;
  /** Called with each change between usable and not, and at once if it is usable now. */
  onChange(listener: (up: boolean) => void): void;
  /** Called when the link is usable again on another connection than before. */
  onReconnect(listener: () => void): void;
  /**
   * Call it when JetStream did not do something for want of a leader or of an answer; `sinceMs`: when it was asked
   * (performance.now).
   */
  reportFailure(sinceMs?: number): void;
  /** Call it when JetStream has stored, delivered or confirmed something. Cheap enough for each message. */
  reportSuccess(): void;
  /** Call it when NATS said that a stream is not there: the link is unusable until the streams are made again. */
  recheck(): void;
  close(): Promise<void>;
};

/**
 * Connects in the background, and again after each loss, until it is closed; never rejects. Each reason for waiting and
 * each error of the server is logged once, and again every 30 s.
 */
export function startConnection(options: BusOptions, logger: BusLogger): Connection {
  const stopping = new AbortController();
  const openListeners: ((connection: NatsConnection) => void)[] = [];
  const reconnectListeners: (() => void)[] = [];
  const servers = createServerList(options.servers);
  const phases = createPhases();
  const news = createThrottle(30_000, 100);
  let live: NatsConnection | undefined;
  let watch: StreamWatch | undefined;
  /** The connection on which the link was last usable. */
  let lastUsed: NatsConnection | undefined;
  /** Whether the last connection was encrypted: gossiped servers are then dialled over TLS too. */
  let overTls = false;

  phases.onChange((up) => {
    if (!up || lastUsed === live) return;
    const isFirst = lastUsed === undefined;
    lastUsed = live;
    if (!isFirst) for (const listener of reconnectListeners) listener();
  });

  function waiting(why: string, error: unknown): void {
    phases.set("connecting", why);
    const dialled = servers.inOrder().map(({ address }) => address);
    if (news.passes(why)) logger.warn({ servers: dialled, reason: why, err: error }, "waiting for nats");
  }

  async function followStatus({ connection, server }: Dialled, leave: () => void): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === DebugEvents.StaleConnection) {
        servers.avoid(server);
        // nats.js would first send the rest, for which a hung server may have no room.
        void connection.close();
      } else if (status.type === Events.LDM && servers.inOrder().length > 1) leave();
      else if (status.type === Events.Error) {
        const reason = explainServerError(String(status.data), status.permissionContext, options);
        if (news.passes(reason)) logger.warn({ reason }, "nats reports an error");
      }
    }
  }

  /** Resolves when the connection has broken. */
  async function use(dialled: Dialled): Promise<void> {
    const { connection, server } = dialled;
    const link = new AbortController();
    live = connection;
    const leave = () => {
      servers.avoid(server);
      void connection.close();
    };
    // nats.js follows the cluster only where it dials gossiped servers itself; each INFO of the server is kept here all
    // the same.
    const learn = () => {
      const { info } = connection;
      if (info === undefined) return;
      overTls = info.tls_required === true;
      servers.learn(server, info.connect_urls);
    };
    learn();
    for (const listener of openListeners) listener(connection);
    void followStatus(dialled, leave);
    const hasOthers = () => servers.inOrder().length > 1;
    const { signal } = link;
    const isKnown = lastUsed !== undefined;
    watch = watchStreams({
      connection,
      isKnown,
      options,
      logger,
      phases,
      news,
      signal,
      onLook: learn,
      hasOthers,
      leave,
    });
    const error = await connection.closed();
    live = undefined;
    watch = undefined;
    link.abort();
    if (!stopping.signal.aborted) waiting("the connection broke", error);
  }

  async function supervise(): Promise<void> {
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      try {
        const { signal } = stopping;
        const dialled = await dialFirst(options, servers.inOrder(), { patient: attempt > 0, overTls, signal });
        if (signal.aborted) return await dialled.connection.close();
        attempt = 0;
        await use(dialled);
      } catch (error) {
        if (!stopping.signal.aborted) waiting(explainNatsError(error, options), error);
      }
      await pause(retryDelayMs(attempt), stopping.signal);
    }
  }

  const supervised = supervise();

  return {
    current: () => (phases.isUsable() && live?.isClosed() === false ? live : undefined),
    phase: phases.phase,
    state: phases.state,
    apiPrefix: apiPrefixOf(options),
    newInbox: () => `${createInbox(options.inboxPrefix)}.`,
    subscribe: (on, subject, onMessage) => subscribe(on, subject, onMessage, logger),
    isNews: news.passes,
    onOpen: (listener) => {
      openListeners.push(listener);
      if (live !== undefined) listener(live);
    },
    onChange: phases.onChange,
    onReconnect: (listener) => void reconnectListeners.push(listener),
    reportFailure: (sinceMs = performance.now()) => watch?.failed(sinceMs),
    reportSuccess: () => watch?.worked(),
    recheck: () => watch?.gone(),
    close: async () => {
      stopping.abort();
      phases.set("closed", "closed");
      // A dial still under way ends by its own time-out; there is nothing to wait for in it.
      if (live === undefined) return;
      await live.close();
      await supervised;
    },
  };
}
