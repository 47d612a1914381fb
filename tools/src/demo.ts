import { isDeepStrictEqual, parseArgs } from "node:util";
import {
  eventually,
  type MqttSubscription,
  type Qrs,
  type ReceivedMessage,
  type Service,
  sendDatagram,
  startMosquitto,
  startNats,
  startQrs,
  startService,
  subscribeMqtt,
  syncAlways,
} from "@sense-alerts/test-kit";
import { qrsSamples } from "./qrs-samples.js";
import { type ExpectedMessage, samples as ordinarySamples, type Sample } from "./samples.js";
import { heading, indented, shown } from "./terminal.js";

const flag = { type: "boolean", default: false } as const;
const { values: options } = parseArgs({ options: { keep: flag, qrs: flag } });
const ends: (() => void | Promise<void>)[] = [];
const scope = { after: (end: () => void | Promise<void>) => void ends.push(end) };

async function main(): Promise<boolean> {
  console.log(heading("sense-alerts: what Qlik Sense sends, and the MQTT messages that come of it"));
  const [nats, broker] = await Promise.all([startNats(scope, { config: syncAlways() }), startMosquitto(scope)]);
  const qrs = options.qrs ? await startQrs(scope) : undefined;
  const subscriber = await subscribeMqtt(scope, { port: broker.port, topics: ["qliksense/#"] });
  const [ingest, alerter] = await Promise.all([
    startService(scope, "udp-ingest", { NATS_URL: nats.url, INSTANCE_ID: "demo" }, { waitFor: "ready" }),
    startService(
      scope,
      "mqtt-alerter",
      {
        NATS_URL: nats.url,
        MQTT_URL: broker.url,
        INSTANCE_ID: "demo",
        TASK_SUCCESS_TOPIC: "qliksense/task_success",
        TASK_SUCCESS_SEND_FULL: "true",
        ...(qrs === undefined ? {} : { ...qrs.environment, QRS_TIMEOUT_SECONDS: "3" }),
      },
      { waitFor: "ready" },
    ),
  ]);
  const udpPort = await ingest.udpPort();
  const samples = qrs === undefined ? ordinarySamples : qrsSamples(qrs);
  console.log(`nats-server      ${nats.url}
mosquitto        ${broker.url}${qrs === undefined ? "" : `\nstand-in QRS     ${qrs.url}`}
udp-ingest       udp://127.0.0.1:${udpPort}   http://127.0.0.1:${await ingest.httpPort()}/
mqtt-alerter     http://127.0.0.1:${await alerter.httpPort()}/`);

  let right = 0;
  for (const [index, sample] of samples.entries()) {
    console.log(`\n${heading(`${index + 1}. ${sample.title}`)}`);
    if (await tryOut(sample, ingest, udpPort, subscriber)) right++;
  }
  const allRight = right === samples.length;
  console.log(`\n${heading(`${right} of ${samples.length} datagrams gave just the messages they should`)}`);
  if (options.keep) await keepRunning(udpPort, broker.port, subscriber, qrs);
  return allRight;
}

/** Sends one datagram and shows it beside what came; true when that is what was expected. */
async function tryOut(
  sample: Sample,
  ingest: Service,
  udpPort: number,
  subscriber: MqttSubscription,
): Promise<boolean> {
  await sample.before?.();
  const before = subscriber.messages.length;
  const takenBefore = await taken(ingest);
  const startMs = performance.now();
  await sendDatagram(udpPort, sample.datagram);
  console.log(indented("datagram", shown(sample.datagram)));
  // Basic before full: between the two there is no order.
  const isFull = ({ topic }: ReceivedMessage) => Number(topic.includes("full"));
  const came = () =>
    subscriber.messages
      .slice(before)
      .filter((message) => !message.topic.endsWith("server"))
      .sort((one, other) => isFull(one) - isFull(other));
  try {
    await eventually(async () => {
      if (came().length < sample.expected.length) throw new Error("not all messages came");
      if ((await taken(ingest)) === takenBefore) throw new Error("udp-ingest is not done with it");
    });
  } catch (error) {
    console.log(indented("problem", error instanceof Error ? error.message : String(error)));
  }
  const tookMs = Math.round(performance.now() - startMs);
  for (const message of came()) console.log(indented(message.topic, readable(message)));
  if (sample.silent !== undefined && came().length === 0) console.log(indented("no message", sample.silent));
  const wrong = mismatch(sample.expected, came());
  console.log(indented(wrong === undefined ? "as expected" : "WRONG", wrong ?? `within ${tookMs} ms`));
  return wrong === undefined;
}

/** The payload, with QRS's own objects left out, which take a page each. */
function readable({ payload, text }: ReceivedMessage): string {
  if (!text.includes('"qs_taskMetadata"')) return shown(payload);
  const short = (name: string, value: unknown) => (name.endsWith("Metadata") ? { "…": "as QRS has it" } : value);
  return shown(JSON.stringify(JSON.parse(text), short));
}

/** How many datagrams udp-ingest is done with: stored, known already, or rejected. */
async function taken(ingest: Service): Promise<number> {
  const counts = (await ingest.metrics()).matchAll(
    /^sensealerts_ingest_(?:events_total\{type="sense\.(?:task|engine)|datagrams_rejected_total\{)[^}]*\} (\d+)$/gm,
  );
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

function mismatch(expected: readonly ExpectedMessage[], came: readonly ReceivedMessage[]): string | undefined {
  if (came.length !== expected.length) return `${expected.length} messages expected, ${came.length} came`;
  for (const [index, { topic, payload }] of expected.entries()) {
    const message = came[index];
    if (message?.topic !== topic) return `message ${index + 1} should be on ${topic}`;
    if (typeof payload === "string") {
      if (message.text !== payload) return `the payload on ${topic} should be ${payload}`;
      continue;
    }
    const full: Record<string, unknown> = JSON.parse(message.text);
    for (const [field, value] of Object.entries(payload)) {
      if (!isDeepStrictEqual(full[field], value)) return `${field} on ${topic} should be ${JSON.stringify(value)}`;
    }
  }
  return undefined;
}

async function keepRunning(
  udpPort: number,
  mqttPort: number,
  subscriber: MqttSubscription,
  qrs: Qrs | undefined,
): Promise<void> {
  if (qrs !== undefined) {
    await qrs.start(); // the last sample took it away
    const environment = Object.entries(qrs.environment).map((variable) => variable.join("="));
    console.log(`\nThe stand-in QRS is back. To check it: ${environment.join(" ")} npm run qrs-check`);
  }
  console.log(`
Everything keeps running until Ctrl-C.
  send       printf '/scheduler-task-failed/;…' > /dev/udp/127.0.0.1/${udpPort}     (bash), or point a log appender at port ${udpPort}
  subscribe  mosquitto_sub -h 127.0.0.1 -p ${mqttPort} -t 'qliksense/#' -v
What arrives:`);
  let printed = subscriber.messages.length;
  const printer = setInterval(() => {
    for (const message of subscriber.messages.slice(printed)) console.log(indented(message.topic, readable(message)));
    printed = subscriber.messages.length;
  }, 100);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  clearInterval(printer);
}

let allRight = false;
try {
  allRight = await main();
} catch (error) {
  console.error(error);
} finally {
  for (const end of ends.reverse()) await end();
}
process.exitCode = allRight ? 0 : 1;
