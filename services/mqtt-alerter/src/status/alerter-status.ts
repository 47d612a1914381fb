import type { EventType } from "@sense-alerts/event-contract";
import type { Cell, StatusSection, StatusSnapshot, Trouble } from "@sense-alerts/service-kit";
import type { AlertTopics } from "../alerts/alert-messages.js";
import { mayRenderAs, type TopicTemplate } from "../alerts/topic.js";
import type { AlertJournal, Entry } from "./alert-journal.js";

/** What of the service is looked at when the page is made. */
export type AlerterFacts = { readonly pending: number; readonly inHand: number; readonly inFlight: number };

export type AlerterStatusOptions = {
  readonly detail: "full" | "counts";
  /** Of messages that do not say their own. */
  readonly qos: number;
  readonly topics: AlertTopics;
  readonly journal: AlertJournal;
  readonly look: () => AlerterFacts;
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
  consumer: "Events wait in the stream; it is looked for again and again.",
  broker: "Alerts wait in the stream and go out, in order, when it is back.",
  qrs: "Alerts go out, full messages without what it knows.",
};

/** What the status page says of this service. With `counts` nothing in it was said by a datagram. */
export function createAlerterStatus({
  detail,
  qos,
  topics,
  journal,
  look,
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
    troubles: deadLetterTroubles(journal),
    sections: [
      lagSection(look(), journal),
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

function lagSection({ pending, inHand, inFlight }: AlerterFacts, journal: AlertJournal): StatusSection {
  const [last] = journal.newestFirst();
  return {
    id: "lag",
    title: "Lag",
    facts: [
      ["Events waiting in the stream, as of the last one taken", pending],
      ["Events in hand", inHand],
      ["Messages without their PUBACK", inFlight],
      ["Messages acknowledged since the start", journal.total()],
      ["Last PUBACK", last === undefined ? undefined : { atMs: last.acknowledgedMs }],
    ],
  };
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
