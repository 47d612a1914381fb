import assert from "node:assert/strict";
import { test } from "node:test";
import { type NatsServer, publishNats, type Scope, startNats } from "@sense-alerts/test-kit";
import { openParkedStreams } from "../../src/index.js";
import { connectBeside, defaults, message, startTestBus, stored, texts, whenDown, whenUp } from "../fixtures/bus.js";

/**
 * A server with the streams of version 0.1: dead letters and rejected datagrams shared one, which has a letter in it.
 */
async function startOldServer(t: Scope, config = "") {
  const server = await startNats(t, { config });
  const { manager } = await connectBeside(t, server.url);
  await manager.streams.add({
    name: "SENSE_REJECTED",
    subjects: ["sense.rejected", "sense.dead-letter"],
    max_age: 604_800e9,
    max_bytes: defaults.streamMaxBytes,
    duplicate_window: 600e9,
    description: "by hand",
  });
  await publishNats(server.port, [{ subject: "sense.dead-letter", payload: "old letter" }]);
  return { server, manager };
}

async function subjectsOf(server: NatsServer, name: string): Promise<unknown> {
  return (await server.stream(name))?.config["subjects"];
}

test("moves the subject of dead letters to a stream of its own, and keeps the letters that are there", async (t) => {
  const { server, manager } = await startOldServer(t);
  const { bus, lines } = startTestBus(t, server.url, { uses: ["read-events", "publish-dead-letters"] });
  await whenUp(bus);
  assert.deepEqual(await subjectsOf(server, "SENSE_REJECTED"), ["sense.rejected"]);
  assert.deepEqual(await subjectsOf(server, "SENSE_DEAD_LETTERS"), ["sense.dead-letter"]);
  assert.equal((await server.stream("SENSE_REJECTED"))?.config["description"], "by hand", "the rest is left as it is");
  await bus.publish(message("new letter", { subject: "sense.dead-letter" }));
  const streams = await openParkedStreams({ ...defaults, servers: [server.url] });
  t.after(streams.close);
  const old = await streams.rejected.message(1);
  assert.deepEqual([old?.subject, Buffer.from(old?.bytes ?? []).toString()], ["sense.dead-letter", "old letter"]);
  assert.deepEqual(await stored(manager, "SENSE_DEAD_LETTERS"), ["new letter"]);
  assert.ok(lines.some((line) => line.message === "dead letters get a stream of their own"));
});

test("lets several replicas start at the same moment, and loses no letter of one that was publishing", async (t) => {
  const { server, manager } = await startOldServer(t);
  const { nats } = await connectBeside(t, server.url);
  const stop = new AbortController();
  const acknowledged: string[] = [];
  const publishing = (async () => {
    for (let n = 1; !stop.signal.aborted; n++) {
      const answer = await nats
        .jetstream()
        .publish("sense.dead-letter", `l-${n}`, { timeout: 5_000 })
        .catch(() => undefined);
      if (answer !== undefined) acknowledged.push(`l-${n}`);
    }
  })();
  const replicas = texts("replica", 6).map(() => startTestBus(t, server.url));
  await Promise.all(replicas.map(({ bus }) => whenUp(bus)));
  stop.abort();
  await publishing;
  for (const { lines } of replicas)
    assert.deepEqual(
      lines.filter(({ level }) => level === "warn" || level === "error"),
      [],
    );
  const kept = [...(await stored(manager, "SENSE_REJECTED")), ...(await stored(manager, "SENSE_DEAD_LETTERS"))];
  assert.deepEqual(kept, ["old letter", ...acknowledged]);
});

test("leaves the shared stream alone in a service that publishes no dead letters", async (t) => {
  const { server } = await startOldServer(t);
  const { bus } = startTestBus(t, server.url, { uses: ["publish-events", "publish-rejected"] });
  await whenUp(bus);
  assert.deepEqual(await subjectsOf(server, "SENSE_REJECTED"), ["sense.rejected", "sense.dead-letter"]);
  assert.equal(await server.stream("SENSE_DEAD_LETTERS"), undefined);
});

test("says which command to run where it may not change the stream, and goes on when that is done", async (t) => {
  const deny = '["$JS.API.STREAM.UPDATE.>"]';
  const config = `authorization { users: [
    { user: anyone, password: pw }
    { user: alerter, password: pw, permissions: { publish: { deny: ${deny} } } }
  ] }
  no_auth_user: anyone`;
  const { server, manager } = await startOldServer(t, config);
  const { bus } = startTestBus(t, server.url, { user: "alerter", password: "pw" });
  await whenDown(
    bus,
    /SENSE_REJECTED still takes sense\.dead-letter.* run: nats stream edit SENSE_REJECTED --subjects sense\.rejected$/,
  );
  assert.match(
    bus.state().detail,
    /allow publish \$JS\.API\.STREAM\.INFO\.SENSE_REJECTED and \$JS\.API\.STREAM\.UPDATE\.SENSE_REJECTED/,
  );
  await manager.streams.update("SENSE_REJECTED", { subjects: ["sense.rejected"] });
  await whenUp(bus);
});

test("changes no stream that takes dead letters by a pattern: it says what to run", async (t) => {
  const server = await startNats(t);
  const { manager } = await connectBeside(t, server.url);
  await manager.streams.add({ name: "SENSE_REJECTED", subjects: ["sense.*"] });
  const { bus } = startTestBus(t, server.url);
  await whenDown(bus, /by the pattern sense\.\*; run: nats stream edit SENSE_REJECTED --subjects sense\.rejected$/);
  assert.deepEqual(await subjectsOf(server, "SENSE_REJECTED"), ["sense.*"]);
});

test("evicts no dead letter however many datagrams are rejected", async (t) => {
  const server = await startNats(t);
  const { manager } = await connectBeside(t, server.url);
  const { bus } = startTestBus(t, server.url, { streamMaxBytes: 64 * 1024 });
  await whenUp(bus);
  await bus.publish(message("letter", { subject: "sense.dead-letter" }));
  const payload = Buffer.alloc(4_096, "x");
  for (const text of texts("junk", 40)) await bus.publish(message(text, { subject: "sense.rejected", payload }));
  assert.ok(((await server.stream("SENSE_REJECTED"))?.state.first_seq ?? 0) > 20, "the junk filled its stream");
  assert.deepEqual(await stored(manager, "SENSE_DEAD_LETTERS"), ["letter"]);
});
