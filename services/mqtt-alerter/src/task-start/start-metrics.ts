import type { Metrics } from "@sense-alerts/service-kit";
import type { StartResult } from "./start-result.js";

export type StartMetrics = {
  /** What became of a message on the start topic. */
  message(result: "stored" | "repeated" | "retained" | "refused"): void;
  request(outcome: StartResult["status"] | "repeated"): void;
  observe(links: Readonly<Record<"inHand" | "waiting" | "pending" | "unstored", () => number>>): void;
};

/** What is counted of the requests to start tasks. */
export function createStartMetrics(metrics: Metrics): StartMetrics {
  const messages = metrics.counter({
    name: "sensealerts_alerter_start_messages_total",
    help: "Messages on the start topic: stored, repeated (another alerter, or an earlier copy, was quicker), retained (ignored) or refused (not stored in NATS)",
    labelNames: ["result"],
  });
  const requests = metrics.counter({
    name: "sensealerts_alerter_start_requests_total",
    help: "Requests to start a task by outcome: started, refused, failed or repeated (answered before)",
    labelNames: ["outcome"],
  });
  for (const result of ["stored", "repeated", "retained", "refused"]) messages.inc({ result }, 0);
  for (const outcome of ["started", "refused", "failed", "repeated"]) requests.inc({ outcome }, 0);
  return {
    message: (result) => messages.inc({ result }),
    request: (outcome) => requests.inc({ outcome }),
    observe: ({ inHand, waiting, pending, unstored }) => {
      metrics.gauge({
        name: "sensealerts_alerter_start_requests_in_hand",
        help: "Requests to start a task that are being worked on",
        collect: (gauge) => gauge.set(inHand()),
      });
      metrics.gauge({
        name: "sensealerts_alerter_start_requests_waiting",
        help: "Requests to start a task that this alerter put off because QRS is away",
        collect: (gauge) => gauge.set(waiting()),
      });
      metrics.gauge({
        name: "sensealerts_alerter_start_requests_pending",
        help: "Requests to start a task that no alerter has taken, as of the last one this alerter took",
        collect: (gauge) => gauge.set(pending()),
      });
      metrics.gauge({
        name: "sensealerts_alerter_start_requests_unstored",
        help: "Requests to start a task that wait in this alerter because NATS does not store them",
        collect: (gauge) => gauge.set(unstored()),
      });
    },
  };
}
