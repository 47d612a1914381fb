import type { RepositoryOptions } from "@sense-alerts/qlik-repository";
import type { Metrics, Observe } from "@sense-alerts/service-kit";
import type { EnrichedPlanOptions } from "./enriched-plan.js";
import type { EnricherOptions } from "./enricher.js";

export type QrsMetrics = Pick<EnricherOptions, "onEnriched"> &
  Pick<EnrichedPlanOptions, "onUnwanted" | "onFollowed"> &
  Required<Pick<RepositoryOptions, "onRequest">> & {
    observe(links: { suspended: () => boolean; waiting: () => number }): void;
  };

/** What is counted with QRS on. */
export function createQrsMetrics(metrics: Metrics): QrsMetrics {
  const requests = metrics.counter({
    name: "sensealerts_alerter_qrs_requests_total",
    help: "Requests to the Qlik Repository Service, by what was asked for and what came of it",
    labelNames: ["question", "outcome"],
  });
  const secondsOf = metrics.histogram({
    name: "sensealerts_alerter_qrs_request_seconds",
    help: "How long the Qlik Repository Service took for a request, good or not",
    labelNames: ["question"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  });
  const seconds = new Map<string, Observe>();
  const enrichments = metrics.counter({
    name: "sensealerts_alerter_enrichments_total",
    help: "Full messages by enrichment: complete, partial or unavailable, the latter two with the reason of the first question without an answer",
    labelNames: ["enrichment", "reason"],
  });
  enrichments.inc({ enrichment: "complete", reason: "" }, 0);
  const unwanted = metrics.counter({
    name: "sensealerts_alerter_unwanted_alerts_total",
    help: "Events that were not alerted, since ALERT_TASK_TYPES does not have the type of their task",
    labelNames: ["task_type"],
  });
  const followed = metrics.counter({
    name: "sensealerts_alerter_distributions_followed_total",
    help: "Distributions by what they ended as, or given-up after six hours",
    labelNames: ["end"],
  });
  return {
    onRequest: ({ question, outcome, durationMs }) => {
      requests.inc({ question, outcome });
      const observe = seconds.get(question) ?? secondsOf({ question });
      seconds.set(question, observe);
      observe(durationMs / 1000);
    },
    onEnriched: (enrichment, reason) => enrichments.inc({ enrichment, reason: reason ?? "" }),
    onUnwanted: (taskType) => unwanted.inc({ task_type: taskType }),
    onFollowed: (end) => followed.inc({ end: end.slice(end.lastIndexOf(".") + 1) }),
    observe: ({ suspended, waiting }) => {
      metrics.gauge({
        name: "sensealerts_alerter_qrs_suspended",
        help: "1 while the Qlik Repository Service is not asked, since it failed again and again",
        collect: (gauge) => gauge.set(suspended() ? 1 : 0),
      });
      metrics.gauge({
        name: "sensealerts_alerter_alerts_waiting_for_qrs",
        help: "Alerts whose full message waits for the Qlik Repository Service",
        collect: (gauge) => gauge.set(waiting()),
      });
    },
  };
}
