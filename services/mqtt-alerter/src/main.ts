import { busOptionsOf, startBus } from "@sense-alerts/bus";
import { runService } from "@sense-alerts/service-kit";
import { composeBasic, composeFull } from "./alerts/alert-messages.js";
import { alertTopicsOf } from "./alerts/alert-topics.js";
import type { Plans } from "./delivery/deliver.js";
import { createSharedDecoder } from "./delivery/shared-decoder.js";
import { startLane } from "./delivery/start-lane.js";
import { createAlerterMetrics } from "./metrics.js";
import { startAlertPublisher } from "./mqtt/alert-publisher.js";
import { mqttOptionsOf, readSettings, spec } from "./settings.js";
import { startStatus } from "./status/start-status.js";
import { observeStream } from "./stream-metrics.js";

/** Full messages that wait for QRS do not keep others out of the window. */
const mostWaitingForQrs = 1_000;

await runService({
  name: "mqtt-alerter",
  args: process.argv.slice(2),
  env: process.env,
  spec,
  readSettings,
  start: async (context) => {
    const { settings, logger, metrics: registry, health, onStop } = context;
    const metrics = createAlerterMetrics(registry);
    const topics = alertTopicsOf(settings);
    const status = startStatus(context, topics);

    const busOptions = busOptionsOf(settings, "mqtt-alerter", settings.INSTANCE_ID);
    const bus = startBus({ ...busOptions, uses: ["read-events", "publish-dead-letters"] }, logger);
    onStop("nats", bus.close);
    health.link("nats", { required: true, state: bus.state });

    const broker = startAlertPublisher(mqttOptionsOf(settings), logger, { onAnswer: metrics.answered });
    onStop("broker", broker.close);
    health.link("broker", { required: true, state: broker.state });

    // What asks QRS is a third of all the code: loaded where there is one.
    const qrs = settings.QRS_URL && (await import("./qrs/start-qrs.js")).startQrs(context, topics, settings.QRS_URL);
    const plans = qrs
      ? qrs.plans
      : ({
          basic: (event) => composeBasic(event, topics),
          full: (event) => composeFull(event, topics),
        } satisfies Plans);
    const parts = { bus, broker, metrics, status, decode: createSharedDecoder() };
    const { MQTT_MAX_INFLIGHT: maxInflight } = settings;
    const lanes = {
      basic: startLane(context, parts, { lane: "basic", plan: plans.basic, maxInflight }),
      full: startLane(context, parts, {
        lane: "full",
        plan: plans.full,
        maxInflight: maxInflight + (qrs ? mostWaitingForQrs : 0),
      }),
    };
    observeStream(registry, () => bus.streamStatus([lanes.basic.durable, lanes.full.durable]));
    metrics.observe({ lanes, broker, onNatsReconnect: bus.onReconnect });
    status.show({ lanes, broker });
    if (qrs && settings.TASK_START_ENABLE) {
      const { startTaskStarts } = await import("./task-start/start-task-starts.js");
      startTaskStarts(context, bus, broker, qrs.repository);
    }
  },
});
