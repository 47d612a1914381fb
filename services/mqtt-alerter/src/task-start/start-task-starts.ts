import { randomUUID } from "node:crypto";
import { type Bus, requestStreamName } from "@sense-alerts/bus";
import { startRequestSubject } from "@sense-alerts/event-contract";
import { createThrottle } from "@sense-alerts/link-kit";
import type { Repository } from "@sense-alerts/qlik-repository";
import type { ServiceContext } from "@sense-alerts/service-kit";
import type { AlertPublisher } from "../mqtt/alert-publisher.js";
import { type MqttAlerterSettings, mqttOptionsOf } from "../settings.js";
import { allowsNothing } from "./allow-list.js";
import { createAnswer } from "./answer.js";
import { createCarryOut, waitAtMostMs } from "./carry-out.js";
import { watchLateness } from "./lateness.js";
import { createRequestIntake } from "./request-intake.js";
import { startRequestSubscription } from "./request-subscription.js";
import { createStartLog } from "./start-log.js";
import { createStartMetrics } from "./start-metrics.js";
import { refused, type StartResult } from "./start-result.js";
import { allowListOf, ownTopicsOf } from "./start-settings.js";
import type { StoredRequest } from "./stored-request.js";

type Context = Pick<ServiceContext<MqttAlerterSettings>, "settings" | "logger" | "metrics" | "health" | "onStop">;

/** All replicas read requests through this one durable consumer. */
const durable = "mqtt-alerter-start";
const mostInHand = 16;
/** A request in the hands of an alerter that was killed is another one's after this time. */
const ackWaitMs = 10_000;
const repeatEveryMs = 30_000;
/** How long the PUBACK of a request waits for NATS: pings go out in between. */
const longestPubackMs = 2_000;

/** Starts what turns messages on TASK_START_TOPIC into starts of tasks: listens, stores, carries out, answers. */
export function startTaskStarts(
  { settings, logger, metrics: registry, health, onStop }: Context,
  bus: Bus,
  broker: AlertPublisher,
  repository: Repository,
): void {
  const metrics = createStartMetrics(registry);
  const log = createStartLog(bus, settings.NATS_STREAM, settings.NATS_SUBJECT_PREFIX);
  const allow = allowListOf(settings);
  const { TASK_START_TOPIC: topic, TASK_START_RESULT_TOPIC: resultTopic } = settings;
  if (allowsNothing(allow)) {
    logger.warn({ topic }, "no task may be started: none of the settings TASK_START_ALLOWED_… is set");
  }
  if (allow.any) logger.warn({ topic }, "whoever may publish on the start topic may start any task");

  const reasons = createThrottle(repeatEveryMs, 100);
  const answer = createAnswer({
    startTopic: topic,
    resultTopic,
    ownTopics: ownTopicsOf(settings),
    publish: broker.publish,
    onNotSent: (request, to, givenUp, reason) =>
      logger.warn({ ...whoAsked(request), topic: to, givenUp, reason }, "the answer to a start request was not taken"),
  });
  const onResult = (request: StoredRequest, result: StartResult, repeated: boolean) => {
    const { status, sessionId, reason } = result;
    metrics.request(repeated ? "repeated" : status);
    logger.info({ ...whoAsked(request), status, sessionId, reason, repeated }, "start request answered");
  };
  const carryOut = createCarryOut({
    allow,
    repository,
    log,
    instance: `${settings.INSTANCE_ID} ${randomUUID()}`,
    repositoryTimeoutMs: settings.QRS_TIMEOUT_SECONDS * 1000,
    answer,
    onResult,
    onWait: (request, reason) => logger.warn({ ...whoAsked(request), reason }, "start request waits for QRS"),
  });
  const consumer = bus.consume({
    stream: requestStreamName(settings.NATS_STREAM),
    filterSubject: startRequestSubject(settings.NATS_SUBJECT_PREFIX, "*"),
    durable,
    maxInFlight: mostInHand,
    ackWaitMs,
    maxAgeMs: waitAtMostMs,
    onPassedOver: (requests) => logger.warn({ requests }, "start requests too old to be carried out are passed over"),
    wanted: () => (broker.online() ? mostInHand : 0),
    handle: carryOut.handle,
  });
  broker.onOnline(consumer.wake);
  onStop("start-consumer", consumer.close);
  health.link("start-consumer", { required: true, state: consumer.state });
  const lateness = watchLateness();
  onStop("lateness", lateness.close);
  const intake = createRequestIntake({
    log,
    timing: { keepMs: waitAtMostMs, pubackMs: Math.min(longestPubackMs, settings.MQTT_KEEPALIVE_SECONDS * 500) },
    onTaken: (request, repeated) => {
      metrics.message(repeated ? "repeated" : "stored");
      if (!repeated) logger.info(whoAsked(request), "start request taken");
    },
    onIgnored: ({ payload }) => {
      metrics.message("retained");
      logger.warn({ reason: "retained", bytes: payload.length }, "a message on the start topic is ignored");
    },
    onRetry: (request, err) => {
      if (reasons.passes(String(err))) logger.warn({ ...whoAsked(request), err }, "start request not stored yet");
    },
    refuse: async (request, code, signal) => {
      const result = refused(request, code);
      metrics.message("refused");
      onResult(request, result, false);
      await answer(request, result, signal);
    },
  });
  onStop("start-intake", intake.close);
  const { inHand, waiting } = carryOut;
  metrics.observe({ inHand, waiting, pending: consumer.pending, unstored: intake.waiting });
  const subscription = startRequestSubscription(
    { mqtt: mqttOptionsOf(settings), topic, lasting: settings.MQTT_CLIENT_ID !== undefined },
    {
      onRequest: (incoming) => intake.take(incoming, lateness.now()),
      onSubscribed: (shared, awayMs) => {
        if (awayMs > 0) lateness.wasAway(awayMs);
        logger.info({ topic, shared }, "start topic subscribed");
      },
      onTrouble: (reason, err) => {
        if (reasons.passes(reason)) logger.warn({ topic, reason, err }, "waiting for the start topic");
      },
    },
  );
  onStop("start-topic", subscription.close);
  health.link("start-topic", { required: true, state: subscription.state });
}

/** All that MQTT tells of who asked: the broker alone knows the sender's client id and user. */
function whoAsked({ requestId, taskId, receivedAt, responseTopic, correlationData, userProperties }: StoredRequest) {
  const correlationBytes = correlationData === null ? 0 : Buffer.byteLength(correlationData, "base64");
  return { requestId, taskId, receivedAt, responseTopic, correlationBytes, sentAlong: userProperties };
}
