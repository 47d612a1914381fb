import { bad, type Finding, good, unknown } from "./finding.js";
import type { Change } from "./observe.js";
import type { Station } from "./station.js";
import type { TestAlert } from "./test-alert.js";

const taken = "sensealerts_alerter_events_taken_total";
const inHand = "sensealerts_alerter_events_in_hand";
const pending = "sensealerts_alerter_stream_pending_events";
const published = "sensealerts_alerter_messages_published_total";
const unheard = "sensealerts_alerter_messages_no_subscriber_total";
const failures = "sensealerts_alerter_publish_failures_total";
const deadLetters = "sensealerts_alerter_dead_letters_total";

const topicSettings = {
  failed: "TASK_FAILURE_TOPIC and TASK_FAILURE_SEND_FULL",
  aborted: "TASK_ABORTED_TOPIC and TASK_ABORTED_SEND_FULL",
  success: "TASK_SUCCESS_TOPIC and TASK_SUCCESS_SEND_FULL",
};

/** What mqtt-alerter makes of a test alert, as its counters tell it. */
export function alerterStation({ kind, type }: TestAlert): Station {
  /** All that it has taken is settled, so this one is, too. */
  const isSettled = (change: Change) =>
    change.grown(taken) > 0 && change.now(inHand) === 0 && change.now(pending) === 0;

  function judge(change: Change): Finding | undefined {
    if (kind === "engine")
      return change.grown(taken) > 0 ? good("taken, and done: mqtt-alerter makes no alert of it") : undefined;
    if (kind === "distribute") return change.grown(taken) > 0 ? unknown(ofDistribution) : undefined;
    if (change.grown(published, { type }) > 0) {
      const deaf =
        change.grown(unheard) >= change.grown(published) ? ", and says that nobody subscribes to its topic" : "";
      return good(`the broker has acknowledged it${deaf}`);
    }
    if (!isSettled(change)) return undefined;
    const [reason] = change.grownBy(deadLetters, "reason");
    if (reason !== undefined)
      return bad(`it is a dead letter: ${reason}`, "`npm run dead-letters -- list` shows it; see mqtt-alerter's log");
    return bad(
      `mqtt-alerter sends no messages for ${kind}`,
      `set ${topicSettings[kind]} of mqtt-alerter, if you want them`,
    );
  }

  return { name: "published", judge, explain: notPublished };
}

const ofDistribution =
  "taken by mqtt-alerter. No alert comes of it: without QRS_URL Sense does not tell how a distribution ended, and with it QRS does not know this one (it is a dead letter after six hours)";

function notPublished(change: Change): Finding {
  const goesOn = "the alert goes out when it is back";
  const broker = change.down("broker");
  if (broker !== undefined)
    return bad(
      `mqtt-alerter waits for the broker: ${broker}`,
      `see to the broker, or to MQTT_URL and the login; ${goesOn}`,
    );
  const nats = change.down("nats") ?? change.down("consumer-basic") ?? change.down("consumer-full");
  if (nats !== undefined)
    return bad(
      `mqtt-alerter waits for NATS: ${nats}`,
      `see to NATS, or to NATS_URL and the login of mqtt-alerter; ${goesOn}`,
    );
  const codes = change.grownBy(failures, "code");
  if (codes.length > 0)
    return bad(
      `the broker does not take it (${codes.join(", ")})`,
      "see mqtt-alerter's log for the topic and the reason, often the broker's access rules; the alert is retried, and becomes a dead letter after MQTT_REFUSED_AFTER_MINUTES",
    );
  if (change.grown(taken) > 0 || change.now(inHand) > 0)
    return bad("mqtt-alerter has it in hand, and the broker has not acknowledged it", "see mqtt-alerter's log");
  return bad(
    "mqtt-alerter has not taken it from the stream",
    "see whether NATS_URL, NATS_STREAM and NATS_SUBJECT_PREFIX are the same for both services; where it has several replicas, give an --alerter for each",
  );
}
