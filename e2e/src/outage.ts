import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Environment,
  eventually,
  freeTcpPort,
  type NatsServer,
  readMetric,
  type Scope,
  type Service,
  startNats,
  startService,
  tempDir,
  uniqueName,
} from "@sense-alerts/test-kit";
import { subscribeNats } from "./subscribe-nats.js";

/** An outage of NATS, from the beginning: what udp-ingest receives goes to its spool. */
export interface Outage {
  /** SPOOL_DIR. */
  readonly dir: string;
  readonly env: Environment;
  /** Starts an udp-ingest on that spool; resolves when it is ready. */
  startIngest(): Promise<Service>;
  /** Ends the outage. */
  startNats(): Promise<NatsServer>;
  /** The files of the spool, the oldest first. */
  segments(): string[];
}

export async function startOutage(t: Scope, env: Environment = {}): Promise<Outage> {
  const port = await freeTcpPort();
  const dir = join(tempDir(t), "spool");
  const natsUrl = `nats://127.0.0.1:${port}`;
  const ingestEnv = { NATS_URL: natsUrl, SPOOL_DIR: dir, SHUTDOWN_TIMEOUT_SECONDS: "1", ...env };
  return {
    dir,
    env: ingestEnv,
    startIngest: () => startService(t, "udp-ingest", ingestEnv, { waitFor: "ready" }),
    startNats: () => startNats(t, { port }),
    segments: () =>
      readdirSync(dir)
        .filter((name) => name.endsWith(".spool"))
        .toSorted()
        .map((name) => join(dir, name)),
  };
}

/** Waits until so many events are in the spool. */
export async function spooled(ingest: Service, events: number): Promise<void> {
  await eventually(async () => assert.equal(await ingest.metric("sensealerts_ingest_spooled_events"), events));
}

/** Waits until NATS has acknowledged everything. */
export async function nothingBuffered(ingest: Service): Promise<void> {
  await eventually(async () => assert.equal(await ingest.metric("sensealerts_ingest_buffered_events"), 0), {
    timeoutMs: 30_000,
  });
}

/** Whatever came in is somewhere: stored, dropped and counted, rejected, buffered or torn. */
export async function assertConserved(ingest: Service): Promise<void> {
  const text = await ingest.metrics();
  const sum = (...names: readonly string[]) =>
    names.reduce((total, name) => total + readMetric(text, `sensealerts_ingest_${name}`), 0);
  assert.equal(
    sum("datagrams_received_total", "status_events_total", "spool_recovered_events_total"),
    sum("events_total", "datagrams_rejected_total", "buffered_events", "spool_torn_records_total"),
  );
}

/** The executions of the task events in the stream, in the order stored; repeats, if there are any, as well. */
export async function storedExecutions(t: Scope, nats: NatsServer): Promise<string[]> {
  const count = (await nats.stream("SENSE_EVENTS"))?.state.last_seq ?? 0;
  const inbox = uniqueName("inbox");
  const answers = await subscribeNats(t, nats.port, `${inbox}.*`);
  const sequences = Array.from({ length: count }, (_, index) => index + 1);
  for (const seq of sequences) {
    answers.publish("$JS.API.STREAM.MSG.GET.SENSE_EVENTS", JSON.stringify({ seq }), `${inbox}.${seq}`);
  }
  await eventually(() => assert.equal(answers.messages.length, count), {
    timeoutMs: 30_000,
    what: "all of the stream",
  });
  const answerTo = new Map(answers.messages.map(({ subject, payload }) => [subject, payload.toString()]));
  const ids = sequences.map((seq) => {
    const { message } = JSON.parse(answerTo.get(`${inbox}.${seq}`) ?? "");
    return String(JSON.parse(Buffer.from(message.data, "base64").toString()).id);
  });
  return ids.filter((id) => id.startsWith("task.")).map((id) => id.slice(-36));
}
