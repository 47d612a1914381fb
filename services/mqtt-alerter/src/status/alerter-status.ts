import type { EventType } from "@sense-alerts/event-contract";
import type { Cell, StatusSection, StatusSnapshot, Trouble } from "@sense-alerts/service-kit";
import type { AlertTopics } from "../alerts/alert-messages.js";
import { mayRenderAs, type TopicTemplate } from "../alerts/topic.js";
import type { Lane } from "../delivery/deliver.js";
import type { LaneState } from "../delivery/start-lane.js";
import type { AlertPublisher } from "../mqtt/alert-publisher.js";
import type { AlertJournal, Entry } from "./alert-journal.js";

/** What the page reads when it is made. */
export type StatusLinks = {
  readonly lanes: Readonly<Record<Lane, Pick<LaneState, "pending" | "inFlight">>>;
  readonly broker: Pick<AlertPublisher, "inFlight" | "protocolVersion" | "refusedTopics">;
};

export type AlerterStatusOptions = {
  readonly detail: "full" | "counts";
  /** Of messages that do not say their own. */
  readonly qos: number;
  readonly topics: AlertTopics;
  readonly journal: AlertJournal;
  readonly links: StatusLinks;
};

const eventNames: Readonly<Record<EventType, string>> = {
  "sense.task.failed": "task failed",
  "sense.task.aborted": "task aborted",
  "sense.task.succeeded": "task succeeded",
  "sense.task.distributed": "task distributed",
  "sense.engine.reload-failed": "engine reload failed",
  "sense.ingest.status": "socket of udp-ingest",
};

const whenDown = {
  nats: "Events wait in the stream and are alerted when it is back.",
  "consumer-basic": "Events wait in the stream; the consumer is looked for again and again.",
  "consumer-full": "Events wait in the stream; the consumer is looked for again and again.",
  broker: "Alerts wait in the stream and go out, in order, when it is back.",
  qrs: "Alerts go out, full messages without what it knows.",
};

/** What the status page says of this service. With `counts` nothing in it was said by a datagram. */
export function createAlerterStatus({
  detail,
  qos,
  topics,
  journal,
  links,
}: AlerterStatusOptions): () => StatusSnapshot {
  const templates = allTemplates(topics);
  const isFull = detail === "full";

  /** The topic, or the setting that it was made of. */
  function topicOf({ message: { topic } }: Entry): string | undefined {
    return isFull ? topic : templates.find((template) => mayRenderAs(template, topic))?.text;
  }

  function alertRow(entry: Entry): Cell[] {
    const { message, event, acknowledgedMs } = entry;
    return [
      { atMs: acknowledgedMs },
      `${eventNames[event.type]}, ${message.kind}`,
      { durationMs: acknowledgedMs - Date.parse(event.time) },
      sinceLogged(entry),
      message.qos ?? qos,
      ...(isFull ? [taskOf(entry)] : []),
      topicOf(entry),
    ];
  }

  return () => ({
    whenDown,
    troubles: [...refusedTroubles(links, isFull), ...deadLetterTroubles(journal)],
    sections: [
      lagSection(links, journal),
      {
        id: "alerts",
        title: "Last 50 alerts",
        table: {
          columns: [
            ...["PUBACK", "Alert", "Receipt to PUBACK", "Sense to PUBACK", "QoS"],
            ...(isFull ? ["Task"] : []),
            isFull ? "Topic" : "Topic (setting)",
          ],
          rows: journal.newestFirst().map(alertRow),
          empty:
            "No alert has gone out yet. One does when a task fails; to see one now, send a test alert: npm run send-test-alert.",
        },
      },
      deadLettersSection(journal),
    ],
  });
}

function lagSection({ lanes: { basic, full }, broker }: StatusLinks, journal: AlertJournal): StatusSection {
  const [last] = journal.newestFirst();
  const version = broker.protocolVersion();
  return {
    id: "lag",
    title: "Lag",
    facts: [
      ["Events that wait in the stream for their basic message", basic.pending()],
      ["Events that wait in the stream for their full message", full.pending()],
      ["Deliveries in flight", basic.inFlight() + full.inFlight()],
      ["Messages without their PUBACK", broker.inFlight()],
      ["Messages acknowledged since the start", journal.total()],
      ["Last PUBACK", last === undefined ? undefined : { atMs: last.acknowledgedMs }],
      ["Version of MQTT in use", version === undefined ? undefined : version === 5 ? "5" : "3.1.1"],
    ],
  };
}

/** At most this many topics are named. */
const mostNamed = 5;

function refusedTroubles({ broker }: StatusLinks, isFull: boolean): readonly Trouble[] {
  const refused = broker.refusedTopics();
  if (refused.length === 0) return [];
  const named = refused.slice(0, mostNamed).map(({ topic, detail }) => `${topic} (${detail})`);
  const which = isFull ? `: ${named.join(", ")}` : "";
  const text = `Topics that the broker refuses: ${refused.length}${which}. Other alerts are not affected. Check the broker's access rules.`;
  return [{ text }];
}

function deadLettersSection({ deadLetters }: AlertJournal): StatusSection {
  const rows = [...deadLetters].map(([reason, { count, lastMs }]): Cell[] => [reason, count, { atMs: lastMs }]);
  return {
    id: "dead-letters",
    title: "Dead letters",
    table: { columns: ["Reason", "Since the start", "Last"], rows, empty: "None since the start." },
  };
}

function deadLetterTroubles({ deadLetters }: AlertJournal): readonly Trouble[] {
  const total = [...deadLetters.values()].reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return [];
  const text = `Events that could not be alerted since the start: ${total.toLocaleString("en")}. To see why: npm run dead-letters -- list.`;
  return [{ text }];
}

/** Known where the time zone of the Sense server is (SENSE_TIMEZONE of udp-ingest). */
function sinceLogged({ event, acknowledgedMs }: Entry): Cell {
  if (event.type === "sense.ingest.status" || event.data.logTimeStampUtc === null) return undefined;
  return { durationMs: acknowledgedMs - Date.parse(event.data.logTimeStampUtc) };
}

function taskOf({ event }: Entry): Cell {
  return "taskName" in event.data ? event.data.taskName : undefined;
}

/** Those without placeholders first: they are the topic itself. */
function allTemplates({ tasks, serverStatus }: AlertTopics): readonly TopicTemplate[] {
  const all = [...Object.values(tasks).flatMap(({ basic, full }) => [basic, full]), serverStatus];
  return all.filter((template) => template !== undefined).sort((a, b) => a.parts.length - b.parts.length);
}
