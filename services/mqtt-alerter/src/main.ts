import { busOptionsOf, startBus } from "@sense-alerts/bus";
import { runService } from "@sense-alerts/service-kit";
import { composeMessages } from "./alerts/alert-messages.js";
import { alertTopicsOf } from "./alerts/alert-topics.js";
import { createAside } from "./delivery/aside.js";
import { createDeliver } from "./delivery/deliver.js";
import { createDeliverySpans } from "./delivery/delivery-spans.js";
import { createAlerterMetrics } from "./metrics.js";
import { startBroker } from "./mqtt/broker.js";
import { mqttOptionsOf, readSettings, spec } from "./settings.js";
import { startStatus } from "./status/start-status.js";

/** All replicas read through this one durable consumer, so each event goes to one of them. */
const durable = "mqtt-alerter";

await runService({
  name: "mqtt-alerter",
  args: process.argv.slice(2),
  env: process.env,
  spec,
  readSettings,
  start: async (context) => {
    const { settings, logger, metrics: registry, health, tracer, onStop } = context;
    const metrics = createAlerterMetrics(registry);
    const topics = alertTopicsOf(settings);
    const status = startStatus(context, topics);

    const bus = startBus(busOptionsOf(settings, "mqtt-alerter", settings.INSTANCE_ID), logger);
    onStop("nats", bus.close);
    health.link("nats", { required: true, state: bus.state });

    const brokerEvents = { onNoSubscriber: metrics.noSubscriber, onAnswer: metrics.answered };
    const broker = startBroker(mqttOptionsOf(settings), logger, brokerEvents);
    onStop("broker", broker.close);
    health.link("broker", { required: true, state: broker.state });

    // What asks QRS is a third of all the code: loaded where there is one.
    const qrs = settings.QRS_URL && (await import("./qrs/start-qrs.js")).startQrs(context, topics, settings.QRS_URL);
    const aside = createAside(() => consumer.wake());
    const spans = createDeliverySpans(tracer, durable);
    const isDebugging = logger.isLevelEnabled("debug");
    const deliver = createDeliver({
      plan: qrs ? qrs.plan : (event) => composeMessages(event, topics),
      send: spans.send(broker.send),
      hasRoom: broker.hasRoom,
      whenOnline: broker.whenOnline,
      onPublished: (message, event) => {
        metrics.published(message, event);
        status.published(message, event);
        if (isDebugging)
          logger.debug(
            { topic: message.topic, eventId: event.id, traceparent: event.traceparent },
            "message published",
          );
      },
      onRetry: (message, error) => {
        metrics.retried(error.code);
        if (error.code !== "offline" || error.alone)
          logger.warn({ err: error, topic: message.topic }, "message not taken; it is sent again");
      },
      onOutcome: ({ kind }) => metrics.finished(kind),
      onAside: aside.change,
    });
    broker.onRoom(deliver.wake);
    const consumer = bus.consume({
      durable,
      maxInHand: settings.MQTT_MAX_INFLIGHT + (qrs ? aside.most : 0),
      maxAgeMs: settings.ALERT_MAX_AGE_MINUTES * 60_000,
      onPassedOver: (events) => {
        metrics.passedOver(events);
        logger.warn({ events }, "the consumer was made anew: events older than ALERT_MAX_AGE_MINUTES are passed over");
      },
      wanted: broker.online,
      onDeadLetter: (reason) => {
        metrics.deadLetter(reason);
        status.deadLetter(reason);
      },
      handle: (delivery, signal) => {
        metrics.taken(delivery.deliveries);
        return spans.process(deliver.handle, delivery, signal);
      },
    });
    broker.onOnline(consumer.wake);
    onStop("consumer", consumer.close);
    health.link("consumer", { required: true, state: consumer.state });
    const links = {
      inHand: consumer.inHand,
      pending: consumer.pending,
      inFlight: broker.inFlight,
      online: broker.online,
      backlog: () => bus.backlog(durable),
      onNatsChange: bus.onChange,
      onBrokerOnline: broker.onOnline,
    };
    metrics.observe(links);
    status.show(links);
    if (qrs && settings.TASK_START_ENABLE) {
      const { startTaskStarts } = await import("./task-start/start-task-starts.js");
      startTaskStarts(context, bus, broker, qrs.repository);
    }
  },
});
