import type { IncomingMessage, ServerResponse } from "node:http";
import type { Health } from "../health.js";
import type { Metrics } from "../metrics.js";
import { respond } from "./respond.js";
import type { StatusPage } from "./status-page/create-status-page.js";

/** Answers GET and HEAD of one path. What it throws or rejects with is logged and answered with 500. */
export type RouteHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface RouteParts {
  readonly health: Health;
  readonly metrics: Metrics;
  /** Undefined = none, and `/` is not found. */
  readonly statusPage: Pick<StatusPage, "routes" | "close"> | undefined;
}

/** Every path that is served, by its exact name. */
export function createRoutes({ health, metrics, statusPage }: RouteParts): ReadonlyMap<string, RouteHandler> {
  return new Map<string, RouteHandler>([
    ["/livez", (_, response) => respond(response, { status: 200, type: "text/plain; charset=utf-8", body: "ok\n" })],
    [
      "/readyz",
      (_, response) => {
        const report = health.report();
        const body = `${JSON.stringify(report, null, 2)}\n`;
        respond(response, { status: report.ready ? 200 : 503, type: "application/json", body });
      },
    ],
    [
      "/metrics",
      async (_, response) => {
        const body = await metrics.render();
        respond(response, { status: 200, type: metrics.contentType, body });
      },
    ],
    ...(statusPage?.routes ?? []),
  ]);
}
