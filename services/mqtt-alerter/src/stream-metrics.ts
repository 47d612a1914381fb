import type { StreamStatus } from "@sense-alerts/bus";
import type { Gauge, Metrics } from "@sense-alerts/service-kit";

/**
 * Shows at each scrape how near the stream is to deleting events that nobody has delivered; NATS is asked once for all
 * gauges.
 */
export function observeStream(metrics: Metrics, ask: () => Promise<StreamStatus | undefined>): void {
  let asked: Promise<StreamStatus | undefined> | undefined;
  const status = () => {
    asked ??= ask().finally(() => {
      asked = undefined;
    });
    return asked;
  };
  metrics.gauge({
    name: "sensealerts_alerter_oldest_waiting_event_age_seconds",
    help: "Age of the oldest event in the stream that is not acknowledged, 0 when none waits; no sample while NATS does not answer",
    collect: async (gauge) => setOrRemove(gauge, seconds((await status())?.oldestWaitingMs)),
  });
  metrics.gauge({
    name: "sensealerts_alerter_stream_max_age_seconds",
    help: "Age at which the stream deletes an event, delivered or not; no sample when it has no such limit",
    collect: async (gauge) => setOrRemove(gauge, seconds((await status())?.maxAgeMs)),
  });
  metrics.gauge({
    name: "sensealerts_alerter_stream_bytes_ratio",
    help: "Share of the stream's maximum size in use, delivered events included; no sample when it has no such limit",
    collect: async (gauge) => setOrRemove(gauge, (await status())?.bytesShare),
  });
  metrics.gauge({
    name: "sensealerts_alerter_stream_waiting_bytes_ratio",
    help: "Share of the stream's maximum size taken by the oldest event that is not acknowledged and all later ones; at 1 it is deleted",
    collect: async (gauge) => setOrRemove(gauge, (await status())?.waitingBytesShare),
  });
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}

/** No sample says that nothing is known, where 0 would say that nothing is there. */
function setOrRemove(gauge: Gauge, value: number | undefined): void {
  if (value === undefined) gauge.remove();
  else gauge.set(value);
}
