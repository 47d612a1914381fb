import { bad, good } from "./finding.js";
import type { Change } from "./observe.js";
import type { Station } from "./station.js";
import type { TestAlert } from "./test-alert.js";

const received = "sensealerts_ingest_datagrams_received_total";
const rejected = "sensealerts_ingest_datagrams_rejected_total";
const kernelDropped = "sensealerts_ingest_kernel_dropped_datagrams_total";
const events = "sensealerts_ingest_events_total";
const publishFailures = "sensealerts_ingest_publish_failures_total";

/** What to do about a rejection that is not the datagram's own fault. */
const advice: Readonly<Record<string, string>> = {
  "source-not-allowed":
    "run this on a Sense server, or add the address of this machine to UDP_ALLOWED_SOURCES; udp-ingest's log names the address it saw, which NAT and Docker may have changed",
  "source-rate-exceeded": "this machine sends more than UDP_SOURCE_RATE_PER_SECOND: raise it, or try again later",
  "too-large": "raise UDP_MAX_DATAGRAM_BYTES, or shorten --task-name and --message",
};

/** The way of a test alert through udp-ingest, as its counters tell it. */
export function ingestStations({ type }: TestAlert): readonly Station[] {
  return [
    {
      name: "received",
      judge: (change) => {
        const count = change.grown(received);
        if (count === 0) return undefined;
        const others = count === 1 ? "" : `, and ${count - 1} more: what follows may be about one of those`;
        return good(`by udp-ingest${others}`);
      },
      explain: notReceived,
    },
    {
      name: "read",
      judge: (change) => {
        if (change.grown(received) > change.grown(rejected)) return good(`it is an event of type ${type}`);
        const reasons = change.grownBy(rejected, "reason");
        const [first = ""] = reasons;
        return bad(
          `udp-ingest has rejected it: ${reasons.join(", ")}`,
          advice[first] ??
            `see whether udp-ingest and this program are of one version; \`npm run dead-letters -- list --reason ${first}\` shows what came in`,
        );
      },
      explain: notReceived,
    },
    {
      name: "stored",
      judge: (change) => {
        if (change.grown(events, { type, result: "stored" }) > 0) return good("in the stream of NATS");
        if (change.grown(events, { type, result: "duplicate" }) > 0)
          return good("in the stream of NATS, by another udp-ingest that received it too");
        const dropped = change.grownBy(events, "result").find((result) => result.startsWith("dropped"));
        return dropped === undefined
          ? undefined
          : bad(
              `udp-ingest has lost events (${dropped})`,
              "see BUFFER_MAX_EVENTS, SPOOL_DIR and SPOOL_MAX_BYTES in docs/settings.md",
            );
      },
      explain: notStored,
    },
  ];
}

function notReceived(change: Change) {
  const socket = change.down("socket");
  if (socket !== undefined)
    return bad(`udp-ingest does not listen: ${socket}`, "see UDP_HOST and UDP_PORT of udp-ingest, and its log");
  const dropped = change.grown(kernelDropped);
  if (dropped > 0)
    return bad(
      `the kernel has thrown away ${dropped} datagrams: udp-ingest's receive buffer is full`,
      "sysctl -w net.core.rmem_max=8388608 on its machine, and see what floods it",
    );
  return bad(
    "no datagram has come to udp-ingest",
    "let this UDP port through the firewalls, and see whether --host and --port lead to the udp-ingest of --ingest; where it has several replicas, give an --ingest for each",
  );
}

function notStored(change: Change) {
  const nats = change.down("nats");
  if (nats !== undefined)
    return bad(
      `udp-ingest keeps it, since NATS is away: ${nats}`,
      "see whether NATS runs, and NATS_URL and the login of udp-ingest; the alert goes its way when NATS is back",
    );
  const failures = change.grownBy(publishFailures, "code");
  const why = failures.length === 0 ? "NATS has not answered yet" : `NATS does not store it (${failures.join(", ")})`;
  return bad(
    `udp-ingest keeps it: ${why}`,
    "see udp-ingest's log for what NATS says; the alert goes its way when that is mended",
  );
}
