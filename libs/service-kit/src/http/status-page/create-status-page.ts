import { readFileSync } from "node:fs";
import type { Health } from "../../health.js";
import type { LogLine } from "../../logger.js";
import { respond } from "../respond.js";
import type { RouteHandler } from "../routes.js";
import { createFeed, type FeedLimits } from "./feed.js";
import { linksSection, linkTroubles, phaseOf } from "./health-section.js";
import { watchLinks } from "./link-times.js";
import { type PageParts, renderPage, renderParts, statusPagePolicy } from "./page.js";
import type { StatusSnapshot } from "./snapshot.js";

export type StatusPageOptions = {
  /** `counts`: no name, no topic and no text that comes from a datagram. */
  readonly detail: "full" | "counts";
  readonly name: string;
  readonly instance: string;
  readonly health: Health;
  readonly logger: Readonly<Record<"error", LogLine>>;
  readonly limits?: Partial<FeedLimits>;
};

export type StatusPage = {
  readonly detail: StatusPageOptions["detail"];
  /** What is shown beside the links; asked once a second while somebody looks. */
  show(source: () => StatusSnapshot): void;
  /** The whole page as it is now. */
  render(): string;
  readonly routes: ReadonlyMap<string, RouteHandler>;
  /** Ends the streams of those who look. */
  close(): void;
};

/** The page of a service at `/`, its style and script, and the stream that keeps it up to date. */
export function createStatusPage({ detail, name, instance, health, logger, limits }: StatusPageOptions): StatusPage {
  const startedAtMs = Date.now();
  const links = watchLinks(health);
  let source: () => StatusSnapshot = () => ({ sections: [] });

  function read(): PageParts {
    links.look();
    const report = health.report();
    const { sections, troubles = [], whenDown } = source();
    const facts = {
      name,
      instance,
      startedAtMs,
      phase: phaseOf(report),
      troubles: [...linkTroubles(report, links.since, whenDown), ...troubles],
      sections: [linksSection(report, links.since), ...sections],
    };
    return renderParts(facts, Date.now());
  }

  const onError = (err: unknown) => logger.error({ err }, "the status page cannot be updated");
  const render = () => renderPage(name, read());
  const feed = createFeed({ read, onError, ...(limits && { limits }) });
  return {
    detail,
    show: (snapshot) => {
      source = snapshot;
    },
    render,
    routes: new Map<string, RouteHandler>([
      [
        "/",
        (_, response) => {
          const headers = { "content-security-policy": statusPagePolicy, "referrer-policy": "no-referrer" };
          respond(response, { status: 200, type: "text/html; charset=utf-8", body: render(), headers });
        },
      ],
      ["/status.css", asset("status.css", "text/css; charset=utf-8")],
      ["/status.js", asset("status.js", "text/javascript; charset=utf-8")],
      ["/status/events", (_, response) => feed.serve(response)],
    ]),
    close: () => {
      feed.close();
      links.close();
    },
  };
}

function asset(file: string, type: string): RouteHandler {
  const body = readFileSync(new URL(`../../../../assets/${file}`, import.meta.url), "utf8");
  return (_, response) => respond(response, { status: 200, type, body });
}
