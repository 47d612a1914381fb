import type { ServerResponse } from "node:http";
import { refuse } from "../respond.js";
import type { PageParts } from "./page.js";

export type FeedOptions = {
  /** The page as it is now. */
  readonly read: () => PageParts;
  readonly onError: (error: unknown) => void;
  readonly limits?: Partial<FeedLimits>;
};

export type FeedLimits = {
  readonly everyMs: number;
  readonly maxClients: number;
  /** Something is sent after so long, even when nothing has changed. */
  readonly beatMs: number;
  /** A client that takes nothing for so long is let go. */
  readonly stalledMs: number;
};

/** Server-sent events: what has changed of the page, to those who look at it. */
export type Feed = {
  serve(response: ServerResponse): void;
  close(): void;
};

type Client = { readonly sent: Map<string, string>; wroteMs: number };

const defaultLimits: FeedLimits = { everyMs: 1_000, maxClients: 20, beatMs: 5_000, stalledMs: 10_000 };

/**
 * The page is read once a second for all who look, and not at all when nobody does. A client that is slow gets less
 * often what is then newest: no more than one update is ever kept for it.
 */
export function createFeed({ read, onError, limits }: FeedOptions): Feed {
  const { everyMs, maxClients, beatMs, stalledMs } = { ...defaultLimits, ...limits };
  const clients = new Map<ServerResponse, Client>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function send(response: ServerResponse, client: Client, { title, parts }: PageParts): void {
    const nowMs = performance.now();
    if (response.writableNeedDrain) {
      if (nowMs - client.wroteMs > stalledMs) response.destroy();
      return;
    }
    const changed = [...parts].filter(([id, html]) => client.sent.get(id) !== html);
    if (changed.length === 0 && nowMs - client.wroteMs < beatMs) return;
    for (const [id, html] of changed) client.sent.set(id, html);
    client.wroteMs = nowMs;
    response.write(`data: ${JSON.stringify({ title, parts: Object.fromEntries(changed) })}\n\n`);
  }

  function tick(): void {
    try {
      const page = read();
      for (const [response, client] of clients) send(response, client, page);
    } catch (error) {
      onError(error);
    }
  }

  function remove(response: ServerResponse): void {
    clients.delete(response);
    if (clients.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    serve: (response) => {
      if (closed || clients.size >= maxClients) return refuse(response, 503, "too many look at the page", retryLater);
      response.writeHead(200, {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        // Some proxies would hold back what is small.
        "x-accel-buffering": "no",
      });
      if (response.req.method === "HEAD") {
        response.end();
        return;
      }
      const client: Client = { sent: new Map(), wroteMs: performance.now() };
      response.on("close", () => remove(response));
      clients.set(response, client);
      timer ??= setInterval(tick, everyMs);
      response.write("retry: 2000\n\n");
      send(response, client, read());
    },
    close: () => {
      closed = true;
      for (const response of clients.keys()) response.end();
    },
  };
}

const retryLater = { "retry-after": "10" };
