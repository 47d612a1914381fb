import type { ServiceContext } from "@sense-alerts/service-kit";
import type { AlertTopics } from "../alerts/alert-messages.js";
import type { Plans } from "../delivery/deliver.js";
import type { MqttAlerterSettings } from "../settings.js";
import { createEnrichedPlans } from "./enriched-plan.js";
import { createEnricher } from "./enricher.js";
import { createQrsMetrics } from "./qrs-metrics.js";
import { type RepositoryLink, startRepositoryLink } from "./repository-link.js";

type Context = Pick<
  ServiceContext<MqttAlerterSettings>,
  "settings" | "logger" | "metrics" | "health" | "onStop" | "signal"
>;

export type Qrs = Pick<RepositoryLink, "repository"> & {
  readonly plans: Plans;
};

/** How long before its time is up QRS is waited for no longer: a fifth of the time, but no more than this. */
const mostMarginMs = 1_000;

/** Opens what the alerter has of the Qlik Repository Service. */
export function startQrs(context: Context, topics: AlertTopics, url: string): Qrs {
  const { settings, logger, health, onStop } = context;
  const metrics = createQrsMetrics(context.metrics);
  const timeoutMs = settings.QRS_TIMEOUT_SECONDS * 1_000;

  const link = startRepositoryLink(
    {
      url,
      certFile: settings.QRS_CERT_FILE,
      keyFile: settings.QRS_KEY_FILE,
      caFile: settings.QRS_CA_FILE,
      tlsInsecure: settings.QRS_TLS_INSECURE,
      user: settings.QRS_USER,
      timeoutMs,
      onRequest: metrics.onRequest,
    },
    logger,
  );
  onStop("qrs", link.close);
  health.link("qrs", { required: false, state: link.state });

  const hurry = halfTimeAfter(context.signal, settings.SHUTDOWN_TIMEOUT_SECONDS * 1_000);
  const enricher = createEnricher({
    repository: link.repository,
    suspended: link.suspended,
    keepMs: settings.QRS_CACHE_SECONDS * 1_000,
    scriptLogLines: settings.QRS_SCRIPT_LOG_LINES,
    hurry,
    onEnriched: metrics.onEnriched,
    onDefect: (err) => logger.error({ err }, "an alert could not be enriched"),
  });
  link.onSuspended(enricher.release);
  metrics.observe({ suspended: link.suspended, waiting: enricher.waiting });

  const plans = createEnrichedPlans({
    topics,
    enricher,
    deadlineMs: timeoutMs - Math.min(mostMarginMs, timeoutMs / 5),
    taskTypes: settings.ALERT_TASK_TYPES,
    onUnwanted: metrics.onUnwanted,
    onFollowed: (end) => {
      metrics.onFollowed(end);
      if (end === "given-up") logger.warn("a distribution was followed for six hours and has not ended");
    },
  });
  return { repository: link.repository, plans };
}

/** When half of the time for the stop is over, what waits for QRS is published without it rather than handed back. */
function halfTimeAfter(stop: AbortSignal, timeoutMs: number): AbortSignal {
  const half = new AbortController();
  stop.addEventListener("abort", () => setTimeout(() => half.abort(), timeoutMs / 2).unref(), { once: true });
  return half.signal;
}
