import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { LogLine } from "../logger.js";
import { HttpListenError } from "./http-listen-error.js";
import { refuse } from "./respond.js";
import { createRoutes, type RouteHandler, type RouteParts } from "./routes.js";

export interface HttpLimits {
  /** From the connection to the last header. */
  readonly headersTimeoutMs: number;
  /** From the connection to the end of the request. */
  readonly requestTimeoutMs: number;
  /** How long a connection may idle between two requests. */
  readonly keepAliveTimeoutMs: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
  /** How long close() lets answers under way finish. */
  readonly closeGraceMs: number;
}

const defaultLimits: HttpLimits = {
  headersTimeoutMs: 5000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 5000,
  maxHeaderBytes: 8192,
  maxConnections: 200,
  closeGraceMs: 500,
};

export interface HttpOptions extends RouteParts {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly logger: Readonly<Record<"info" | "error", LogLine>>;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpServer {
  /** The port that was given, or found for 0. */
  readonly port: number;
  /** Refuses new connections, ends idle ones, and those that answer after a short grace. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Serves `/livez`, `/readyz`, `/metrics` and the status page, for GET and HEAD, with limits on size, time and number.
 * Resolves once it listens; rejects with an HttpListenError that names the setting to change.
 */
export async function startHttp({ host, port, logger, limits, ...parts }: HttpOptions): Promise<HttpServer> {
  const { closeGraceMs, ...bounds } = { ...defaultLimits, ...limits };
  const routes = createRoutes(parts);
  const server = boundedServer(bounds, (request, response) => {
    response.on("close", () => {
      if (!server.listening) server.closeIdleConnections();
    });
    void answer(routes, request, response, logger);
  });
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new HttpListenError(host, port, error);
  }
  const address = server.address();
  const realPort = typeof address === "object" && address !== null ? address.port : port;
  server.on("error", (err) => logger.error({ err }, "http server error"));
  logger.info({ host, port: realPort }, "http server listening");
  return {
    port: realPort,
    async close() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      parts.statusPage?.close();
      const grace = setTimeout(() => server.closeAllConnections(), closeGraceMs);
      await closed;
      clearTimeout(grace);
    },
  };
}

function boundedServer(
  limits: Omit<HttpLimits, "closeGraceMs">,
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const options = {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // How often the two timeouts are looked at; Node's own 30 s would make them meaningless.
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
  };
  const server = createServer(options, listener);
  server.maxConnections = limits.maxConnections;
  return server;
}

async function answer(
  routes: ReadonlyMap<string, RouteHandler>,
  request: IncomingMessage,
  response: ServerResponse,
  logger: HttpOptions["logger"],
): Promise<void> {
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  const route = routes.get(path);
  if (route === undefined) return refuse(response, 404, "not found");
  if (request.method !== "GET" && request.method !== "HEAD") {
    return refuse(response, 405, "only GET and HEAD", { allow: "GET, HEAD" });
  }
  if (request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0) {
    return refuse(response, 413, "no request body, please");
  }
  try {
    await route(request, response);
  } catch (err) {
    logger.error({ err, path }, "http request failed");
    if (response.headersSent) response.destroy();
    else refuse(response, 500, "internal error");
  }
}
