import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanUpAfter, eventually, freeTcpPort, type Scope, startNats } from "@sense-alerts/test-kit";
import { startConnection } from "../../src/connection/connection.js";
import {
  connectBeside,
  defaults,
  type LogLine,
  message,
  publishAll,
  recordingLogger,
  startTestBus,
  stored,
  texts,
  whenDown,
  whenUp,
} from "../fixtures/bus.js";

/**
 * A hub whose JetStream has the domain `hub`, and a leaf node of it, whose JetStream has the domain `leaf` if it has
 * one.
 */
async function startLeaf(t: Scope, jetStream = true, more = "") {
  const leafPort = await freeTcpPort();
  const hub = await startNats(t, {
    config: `jetstream { domain: hub }\nleafnodes { listen: "127.0.0.1:${leafPort}" }`,
  });
  const remotes = `leafnodes { remotes: [{ urls: ["nats-leaf://127.0.0.1:${leafPort}"] }] }`;
  const own = jetStream ? "jetstream { domain: leaf }" : "";
  const leaf = await startNats(t, { jetStream, config: `${own}\n${remotes}\n${more}` });
  return { hub, leaf };
}

const domain = { jetStreamDomain: "hub" };

for (const [what, jetStream] of [
  ["has a JetStream of another domain", true],
  ["has no JetStream", false],
] as const) {
  test(`stores events in the hub through a leaf node that ${what}`, async (t) => {
    const { hub, leaf } = await startLeaf(t, jetStream);
    const { bus } = startTestBus(t, leaf.url, { ...domain, requests: true });
    await whenUp(bus);
    const wanted = texts("m", 20);
    await publishAll(bus, wanted);
    assert.equal((await bus.publish(message("m-1"))).duplicate, true);
    const { manager } = await connectBeside(t, hub.url);
    assert.deepEqual((await stored(manager)).sort(), [...wanted].sort());
    assert.equal((await bus.last("SENSE_EVENTS", "sense.task.failed"))?.sequence, 20);
  });
}

test("gives the prefix of the API with the domain, through which a consumer can be read", async (t) => {
  const { leaf } = await startLeaf(t);
  const lines: LogLine[] = [];
  const connection = startConnection({ ...defaults, ...domain, servers: [leaf.url] }, recordingLogger(lines));
  cleanUpAfter(t, connection.close);
  assert.equal(connection.apiPrefix, "$JS.hub.API");
  await whenUp(connection);
  const { bus } = startTestBus(t, leaf.url, domain);
  await whenUp(bus);
  await bus.publish(message("a"));
  const current = connection.current();
  assert.ok(current !== undefined);
  const config = { stream_name: "SENSE_EVENTS", config: { durable_name: "reader", ack_policy: "explicit" } };
  await current.request(`${connection.apiPrefix}.CONSUMER.DURABLE.CREATE.SENSE_EVENTS.reader`, JSON.stringify(config));
  const received: string[] = [];
  const inbox = connection.newInbox();
  connection.subscribe(current, `${inbox}*`, (delivery) => {
    received.push(delivery.string());
    delivery.respond("+ACK");
  });
  const next = `${connection.apiPrefix}.CONSUMER.MSG.NEXT.SENSE_EVENTS.reader`;
  current.publish(next, JSON.stringify({ batch: 1 }), { reply: `${inbox}1` });
  await eventually(() => assert.deepEqual(received, ["a"]));
  await eventually(async () => {
    const info = await current.request(`${connection.apiPrefix}.CONSUMER.INFO.SENSE_EVENTS.reader`);
    assert.equal(info.json<{ num_ack_pending: number }>().num_ack_pending, 0);
  });
});

for (const [what, server, login] of [
  ["server", { jetStream: false }, {}],
  ["account", { config: "accounts { A { users: [{ user: a, password: b }] } }" }, { user: "a", password: "b" }],
] as const) {
  test(`names the setting for the domain when a ${what} has no JetStream`, async (t) => {
    const { url } = await startNats(t, server);
    const { bus } = startTestBus(t, url, login);
    await whenDown(bus, /on a leaf node, set NATS_JETSTREAM_DOMAIN to the domain of the hub/);
  });
}

test("says which domain does not answer", async (t) => {
  const { leaf } = await startLeaf(t);
  const { bus } = startTestBus(t, leaf.url, { jetStreamDomain: "other" });
  await whenDown(bus, /no JetStream of the domain other answers there/);
});

test("names the setting for the domain at a leaf node without JetStream", async (t) => {
  const { leaf } = await startLeaf(t, false);
  const { bus } = startTestBus(t, leaf.url);
  await whenDown(bus, /on a leaf node, set NATS_JETSTREAM_DOMAIN to the domain of the hub/);
});

test("needs the permissions of a server, with the domain in the subjects of the API", async (t) => {
  const streams = ["SENSE_EVENTS", "SENSE_REJECTED", "SENSE_DEAD_LETTERS"];
  const publish = streams.flatMap((name) => [`$JS.hub.API.STREAM.INFO.${name}`, `$JS.hub.API.STREAM.CREATE.${name}`]);
  const permissions = JSON.stringify({ publish: ["sense.>", ...publish], subscribe: ["_INBOX.ingest.>"] });
  const user = `{ user: ingest, password: pw, permissions: ${permissions} }`;
  const { leaf } = await startLeaf(t, true, `authorization { users: [${user}] }`);
  const login = { user: "ingest", password: "pw", inboxPrefix: "_INBOX.ingest" };
  const { bus, lines } = startTestBus(t, leaf.url, { ...domain, ...login });
  await whenUp(bus);
  await bus.publish(message("a"));
  const reasons = lines.map(({ facts }) => String(facts["reason"]));
  assert.deepEqual(
    reasons.filter((reason) => /permissions/.test(reason)),
    [],
  );
});
