import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { eventually, freeTcpPort, startNats } from "@sense-alerts/test-kit";
import { busErrorOf, message, running, startTestBus, whenDown, whenOnlyThisRuns, whenUp } from "../fixtures/bus.js";

test("starts before the server is there, says what it waits for, and connects when it comes", async (t) => {
  const port = await freeTcpPort();
  const { bus, lines } = startTestBus(t, `nats://127.0.0.1:${port}`);
  await whenDown(bus, /nobody listens at that address/);
  assert.deepEqual(lines[0]?.facts["servers"], [`127.0.0.1:${port}`]);
  await startNats(t, { port });
  await whenUp(bus);
  assert.equal(bus.state().detail, `127.0.0.1:${port}`);
});

test("says once what it waits for, not at each attempt", async (t) => {
  let attempts = 0;
  const closing = createServer((socket) => {
    attempts++;
    socket.destroy();
  }).listen(0, "127.0.0.1");
  t.after(() => void closing.close());
  await once(closing, "listening");
  const { lines } = startTestBus(t, `nats://127.0.0.1:${(closing.address() as AddressInfo).port}`);
  await eventually(() => assert.ok(attempts >= 4));
  assert.deepEqual(
    lines.map((line) => line.message),
    ["waiting for nats"],
  );
});

test("tells listeners of each change, and at once of the present state when it is up", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const early: boolean[] = [];
  bus.onChange((up) => early.push(up));
  await whenUp(bus);
  assert.deepEqual(early, [true]);
  const late: boolean[] = [];
  bus.onChange((up) => late.push(up));
  assert.deepEqual(late, [true]);
  await server.stop("SIGKILL");
  await eventually(() =>
    assert.deepEqual(
      [early, late],
      [
        [true, false],
        [true, false],
      ],
    ),
  );
  await server.start();
  await eventually(() =>
    assert.deepEqual(
      [early, late],
      [
        [true, false, true],
        [true, false, true],
      ],
    ),
  );
});

test("tries the next server of the list when the first is not there", async (t) => {
  const server = await startNats(t);
  const servers = [`nats://127.0.0.1:${await freeTcpPort()}`, server.url];
  const { bus } = startTestBus(t, server.url, { servers });
  await whenUp(bus);
  assert.equal(bus.state().detail, `127.0.0.1:${server.port}`);
});

test("finds the server again within 5 s after each of several crashes in a row", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  for (let round = 1; round <= 5; round++) {
    await server.stop("SIGKILL");
    await whenDown(bus, /./);
    await server.start();
    await whenUp(bus, 5_000);
    await bus.publish(message(`round-${round}`));
  }
});

test("waits for a login that is refused, says so without showing it, and comes up when it is right", async (t) => {
  const port = await freeTcpPort();
  const other = await startNats(t, { port, config: "authorization { user: alerts, password: other }" });
  const { bus, lines } = startTestBus(t, `nats://alerts:s3cret@127.0.0.1:${port}`);
  await whenDown(bus, /refused the login .*NATS_PASSWORD/);
  await other.stop();
  await startNats(t, { port, config: "authorization { user: alerts, password: s3cret }" });
  await whenUp(bus);
  assert.doesNotMatch(JSON.stringify(lines) + lines.map((line) => String(line.facts["err"])).join(), /s3cret/);
});

test("waits as well when the login is refused after it was good", async (t) => {
  const port = await freeTcpPort();
  const before = await startNats(t, { port, config: "authorization { token: s3cret }" });
  const { bus } = startTestBus(t, before.url, { token: "s3cret" });
  await whenUp(bus);
  await before.stop();
  const changed = await startNats(t, { port, config: "authorization { token: other }" });
  await whenDown(bus, /refused the login/);
  await changed.stop();
  await startNats(t, { port, config: "authorization { token: s3cret }" });
  await whenUp(bus);
});

test("says that JetStream is missing where it is", async (t) => {
  const config = "accounts { PLAIN { users: [{ user: alerts, password: s3cret }] } }";
  const server = await startNats(t, { config });
  const { bus } = startTestBus(t, server.url, { user: "alerts", password: "s3cret" });
  await whenDown(bus, /JetStream.*not enabled/i);
});

test("names the permission that is missing", async (t) => {
  const user = '{ user: alerts, password: s3cret, permissions: { publish: ["sense.>"], subscribe: ["_INBOX.>"] } }';
  const server = await startNats(t, { config: `authorization { users: [${user}] }` });
  const { bus } = startTestBus(t, server.url, { user: "alerts", password: "s3cret" });
  await whenDown(bus, /permissions do not allow it: .*\$JS\.API\.STREAM\.INFO\.SENSE_EVENTS/i);
});

for (const state of ["there", "gone", "frozen"]) {
  test(`is closed at once and for good while the server is ${state}`, async (t) => {
    const server = await startNats(t);
    const before = running();
    const { bus, lines } = startTestBus(t, server.url);
    await whenUp(bus);
    if (state === "frozen") server.suspend();
    if (state === "gone") {
      await server.stop("SIGKILL");
      await whenDown(bus, /./);
    }
    const startedMs = performance.now();
    await bus.close();
    assert.ok(performance.now() - startedMs < 500, `took ${performance.now() - startedMs} ms`);
    assert.deepEqual(bus.state(), { up: false, detail: "closed" });
    await assert.rejects(bus.publish(message("late")), busErrorOf("disconnected"));
    const logged = lines.length;
    await whenOnlyThisRuns(before);
    assert.deepEqual(lines.slice(logged), []);
  });
}

test("is closed at once and for good before it has ever connected", async (t) => {
  const before = running();
  const { bus, lines } = startTestBus(t, `nats://127.0.0.1:${await freeTcpPort()}`);
  await whenDown(bus, /nobody listens/);
  await bus.close();
  const logged = lines.length;
  await whenOnlyThisRuns(before);
  assert.deepEqual(bus.state(), { up: false, detail: "closed" });
  assert.deepEqual(lines.slice(logged), []);
});

test("is closed at once and for good while a server is dialled that does not answer", async (t) => {
  const silent = createServer().listen(0, "127.0.0.1");
  t.after(() => void silent.close());
  await once(silent, "listening");
  const { bus, lines } = startTestBus(t, `nats://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  const [socket] = (await once(silent, "connection")) as [Socket];
  t.after(() => void socket.destroy());
  const startedMs = performance.now();
  await bus.close();
  assert.ok(performance.now() - startedMs < 500, `took ${performance.now() - startedMs} ms`);
  // The one timer left is that of this check: nats.js has given up by then.
  await eventually(() => assert.equal(running().filter((kind) => kind === "Timeout").length, 1));
  assert.deepEqual(lines, []);
});
