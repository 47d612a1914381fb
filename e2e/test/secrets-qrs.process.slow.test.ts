import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { type Environment, eventually, type Service, startQrs, startService } from "@sense-alerts/test-kit";
import { sendAlert } from "../src/alerts.js";
import { addTask } from "../src/qrs-task.js";
import { leaksIn } from "../src/secrets.js";
import { startServers } from "../src/stack.js";
import { subscribeNats } from "../src/subscribe-nats.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const { nats, subscriber, env } = await startServers(file);
const ingest = await startService(file, "udp-ingest", { NATS_URL: nats.url }, { waitFor: "ready" });
const qrs = await startQrs(file);
const refusing = await startQrs(file, { clientCertificates: "refused" });
const other = await startQrs(file, { users: ["UserDirectory=ACME;UserId=nobody"] });

/** The lines of a PEM file that hold its content. */
const contentOf = (path = "") =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.length > 20 && !line.startsWith("-----"));
const secrets = [qrs, refusing, other].flatMap(({ certFile, keyFile }) => [
  ...contentOf(certFile),
  ...contentOf(keyFile),
]);

async function everythingOf(service: Service): Promise<string> {
  const pages = await Promise.all(
    ["/", "/metrics", "/readyz", "/livez"].map(async (path) => (await service.get(path)).text()),
  );
  await service.stop();
  return [...pages, JSON.stringify(service.logs), ...service.badLines, service.stderr()].join("\n");
}

const cases: readonly { what: string; env: Environment; enrichment: string; shown: RegExp }[] = [
  { what: "QRS answers", env: qrs.environment, enrichment: "complete", shown: /qrs is there/ },
  { what: "QRS refuses the certificate", env: refusing.environment, enrichment: "unavailable", shown: /QRS_CERT_FILE/ },
  { what: "QRS refuses the user", env: other.environment, enrichment: "unavailable", shown: /QRS_USER/ },
  {
    what: "the certificate of QRS is not trusted",
    env: { ...qrs.environment, QRS_CA_FILE: other.caFile },
    enrichment: "unavailable",
    shown: /QRS_CA_FILE/,
  },
  {
    what: "nobody listens",
    env: { ...qrs.environment, QRS_URL: "https://127.0.0.1:1" },
    enrichment: "unavailable",
    shown: /qrs is away/,
  },
];
for (const { what, env: own, enrichment, shown } of cases) {
  test(`neither certificate nor key shows anywhere when ${what}`, async (t) => {
    const onNats = await subscribeNats(t, nats.port, "sense.>");
    const alerter = await startService(
      t,
      "mqtt-alerter",
      { ...env, ...own, LOG_LEVEL: "trace", QRS_SCRIPT_LOG_LINES: "5" },
      { waitFor: "ready" },
    );
    const { object } = await sendAlert(ingest, subscriber, addTask(qrs).run());
    assert.equal(object["enrichment"], enrichment);
    await eventually(() => assert.match(JSON.stringify(alerter.logs), shown));
    const everything = [
      await everythingOf(alerter),
      ...subscriber.messages.map(({ topic, text, userProperties }) => JSON.stringify([topic, text, userProperties])),
      ...onNats.messages.map(({ subject, headers, payload }) => JSON.stringify([subject, headers, payload.toString()])),
    ].join("\n");
    assert.deepEqual(leaksIn(everything, secrets), []);
  });
}

test("the search finds the key that a service prints", async (t) => {
  const leak =
    "data:text/javascript,import{readFileSync}from'node:fs';console.log(readFileSync(process.env.QRS_KEY_FILE,'utf8'))";
  const options = { nodeArgs: ["--import", leak], waitFor: "ready" } as const;
  const service = await startService(t, "mqtt-alerter", { ...env, ...qrs.environment }, options);
  assert.notDeepEqual(leaksIn(await everythingOf(service), secrets), []);
});
