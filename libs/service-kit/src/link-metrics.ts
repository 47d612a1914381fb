import type { Health } from "./health.js";
import type { Metrics } from "./metrics.js";

/** `sensealerts_link_up`: each link of the service as /readyz shows it. */
export function observeLinks(metrics: Metrics, service: string, health: Pick<Health, "report">): void {
  metrics.gauge({
    name: "sensealerts_link_up",
    help: "1 while the link is up, 0 while it is not: what /readyz says",
    labelNames: ["service", "link"],
    collect: (gauge) => {
      for (const [link, { up }] of Object.entries(health.report().links)) gauge.set({ service, link }, up ? 1 : 0);
    },
  });
}
