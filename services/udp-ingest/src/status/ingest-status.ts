import type { Cell, StatusSection, StatusSnapshot, Trouble } from "@sense-alerts/service-kit";
import { rejections } from "../datagram/rejection.js";
import { createTextReader } from "../datagram/text.js";
import { asUtf8 } from "../datagram/utf-16.js";
import type { OutboxResult } from "../outbox/outbox.js";
import type { BoundSocket } from "../socket/udp-socket.js";
import type { Entry, Journal, KindCounts } from "./journal.js";
import { datagramKinds, kindNames, rejectionNames, resultNames } from "./kinds.js";
import type { SourceCounts } from "./sources.js";

/** What of the service is looked at when the page is made. */
export type IngestFacts = {
  readonly socket: BoundSocket | undefined;
  readonly buffered: { readonly events: number; readonly bytes: number };
  /** Undefined without a spool. */
  readonly spooled: { readonly events: number; readonly bytes: number } | undefined;
  readonly kernelDropped: number;
};

export type IngestStatusOptions = {
  readonly detail: "full" | "counts";
  readonly wantedPort: number;
  readonly askedBufferBytes: number;
  readonly fallbackEncoding: string;
  readonly journal: Journal;
  readonly look: () => IngestFacts;
};

/** Of a datagram no more than this is read for the page. */
const shownBytes = 600;

/** What the status page says of this service. With `counts` nothing in it was said by a datagram. */
export function createIngestStatus(options: IngestStatusOptions): () => StatusSnapshot {
  const { journal, detail } = options;
  const readText = createTextReader(options.fallbackEncoding);

  function datagrams(port: number): StatusSection {
    const rows = journal.newestFirst().map((entry): Cell[] => {
      const { datagram, reading } = entry;
      const content: Cell[] = detail === "counts" ? [] : [taskOf(entry), { raw: rawText(datagram.bytes) }];
      const kind = reading.ok ? kindNames[reading.event.type] : undefined;
      return [
        { atMs: datagram.receivedAtMs },
        datagram.address,
        kind,
        becameOf(entry),
        datagram.bytes.length,
        ...content,
      ];
    });
    const columns = ["Received", "Source", "Kind", "What became of it", "Bytes"];
    return {
      id: "datagrams",
      title: "Last 50 datagrams",
      table: {
        columns: detail === "counts" ? columns : [...columns, "Task or app"],
        rows,
        empty: `No datagram has come yet. Point the log appender of Sense at port ${port} of this machine, or send a test alert: npm run send-test-alert.`,
      },
    };
  }

  function rawText(datagram: Buffer): string {
    const bytes = asUtf8(datagram);
    let end = Math.min(bytes.length, shownBytes);
    // Not inside a character of UTF-8.
    while (end > 0 && end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
    return readText(bytes.subarray(0, end))(0, end) + (end < bytes.length ? "…" : "");
  }

  return () => {
    const facts = options.look();
    return {
      whenDown: {
        nats: `Datagrams are still taken; ${facts.buffered.events.toLocaleString("en")} events are kept and go out when it is back.`,
        socket: "No datagram is taken; it is bound again as soon as that is possible.",
      },
      troubles: losses(facts, journal),
      sections: [
        socketSection(facts, options.askedBufferBytes),
        eventsSection(journal),
        rejectionsSection(journal),
        sourcesSection(journal),
        datagrams(facts.socket?.port ?? options.wantedPort),
      ],
    };
  };
}

function socketSection({ socket, buffered, spooled, kernelDropped }: IngestFacts, askedBytes: number): StatusSection {
  const granted = socket?.receiveBufferBytes;
  const isLess = granted !== undefined && granted < askedBytes;
  return {
    id: "socket",
    title: "Socket and buffer",
    facts: [
      [
        "UDP socket",
        socket === undefined ? { tone: "bad", text: "not bound" } : `${socket.address} port ${socket.port}`,
      ],
      ["Receive buffer granted", granted === undefined ? undefined : { bytes: granted }],
      ["Receive buffer asked for", { bytes: askedBytes }],
      ...(isLess ? [["To have it granted", `sysctl -w net.core.rmem_max=${askedBytes}`] as const] : []),
      ["Dropped by the kernel", kernelDropped],
      ["Events waiting for NATS", buffered.events],
      ["Memory they take", { bytes: buffered.bytes }],
      ...(spooled === undefined
        ? []
        : ([
            ["Of these in the spool", spooled.events],
            ["Spool on disk", { bytes: spooled.bytes }],
          ] as const)),
    ],
  };
}

function eventsSection({ kinds }: Journal): StatusSection {
  const came = datagramKinds.filter(
    (kind) => kinds[kind].received + lostOf(kinds[kind]) > 0 || kinds[kind].results.stored > 0,
  );
  const rows = came.map((kind): Cell[] => {
    const { received, results } = kinds[kind];
    return [kindNames[kind], received, results.stored, results.duplicate, lostOf(kinds[kind])];
  });
  return {
    id: "kinds",
    title: "Datagrams by kind",
    table: {
      columns: ["Kind", "Received", "Stored", "Duplicate", "Lost"],
      rows,
      empty: "None yet.",
    },
  };
}

function rejectionsSection({ rejected }: Journal): StatusSection {
  const rows = rejections
    .filter((reason) => rejected[reason] > 0)
    .map((reason): Cell[] => [reason, rejected[reason], rejectionNames[reason]]);
  return {
    id: "rejected",
    title: "Rejected datagrams",
    table: { columns: ["Reason", "Datagrams", "Meaning"], rows, empty: "None since the start." },
  };
}

function sourcesSection({ sources }: Journal): StatusSection {
  const others = sources.others();
  const rows = sources.busiest().map(([address, counts]) => sourceRow(address, counts));
  return {
    id: "sources",
    title: "Datagrams by source",
    table: {
      columns: ["Source", ...datagramKinds.map((kind) => kindNames[kind]), "rejected", "Last"],
      rows: others === undefined ? rows : [...rows, sourceRow("others", others)],
      empty: "None yet.",
    },
  };
}

function sourceRow(name: string, counts: SourceCounts): Cell[] {
  return [name, ...datagramKinds.map((kind) => counts[kind]), counts.rejected, { atMs: counts.lastMs }];
}

function losses({ kernelDropped }: IngestFacts, { kinds }: Journal): readonly Trouble[] {
  const lost = datagramKinds.reduce((total, kind) => total + lostOf(kinds[kind]), 0);
  return [
    ...(lost === 0
      ? []
      : [
          {
            text: `Events lost since the start: ${lost.toLocaleString("en")}. The log says why; a spool (SPOOL_DIR) keeps more than the memory.`,
          },
        ]),
    ...(kernelDropped === 0
      ? []
      : [
          {
            text: `Datagrams that the kernel dropped since the start: ${kernelDropped.toLocaleString("en")}. The receive buffer was full; sysctl net.core.rmem_max lets it be larger.`,
          },
        ]),
  ];
}

function lostOf({ results }: KindCounts): number {
  return results["dropped-buffer-full"] + results["dropped-spool-full"] + results["dropped-too-large"];
}

function becameOf({ reading, result }: Entry): Cell {
  if (!reading.ok) return { tone: "bad", text: `rejected: ${reading.reason}, ${rejectionNames[reading.reason]}` };
  if (result === undefined) return { tone: "quiet", text: "event, waiting for NATS" };
  const tones = { stored: "good", duplicate: "quiet" } as const satisfies Partial<Record<OutboxResult, string>>;
  return { tone: result === "stored" || result === "duplicate" ? tones[result] : "bad", text: resultNames[result] };
}

function taskOf({ reading }: Entry): Cell {
  if (!reading.ok) return undefined;
  const { event } = reading;
  return event.type === "sense.engine.reload-failed" ? event.data.appId : event.data.taskName;
}
