import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually, type LogLine, runToExit, type Service } from "@sense-alerts/test-kit";
import { createSender } from "../src/drill.js";
import { assertConserved, nothingBuffered, spooled, startOutage, storedExecutions } from "../src/outage.js";
import { startServers } from "../src/stack.js";

/** Sends as many tasks, and gives their executions once they have been received. */
async function send(ingest: Service, tasks: number): Promise<readonly string[]> {
  const received = () => ingest.metric("sensealerts_ingest_datagrams_received_total");
  const before = await received();
  const sender = createSender([await ingest.udpPort()]);
  await sender.send(tasks, 2_000);
  await eventually(async () => assert.equal(await received(), before + tasks));
  return sender.sent;
}

function errorsOf(ingest: Service): LogLine[] {
  return ingest.logs.filter(({ level }) => level === "error" || level === "fatal");
}

function lineOf(ingest: Service, msg: RegExp): LogLine | undefined {
  return ingest.logs.find((line) => msg.test(String(line["msg"])));
}

async function droppedOf(ingest: Service, result: string): Promise<number> {
  return ingest.metric("sensealerts_ingest_events_total", { result });
}

test("SPOOL_DIR: what an udp-ingest had that is killed during an outage is sent by the next, first, in order and once", async (t) => {
  const outage = await startOutage(t);
  const killed = await outage.startIngest();
  const sent = [...(await send(killed, 300))];
  await spooled(killed, 301);
  await assertConserved(killed);
  await killed.stop("SIGKILL");

  const ingest = await outage.startIngest();
  assert.equal(await ingest.metric("sensealerts_ingest_spool_recovered_events_total"), 301);
  assert.equal(lineOf(ingest, /found in the spool/)?.["events"], 301);
  sent.push(...(await send(ingest, 100)));
  await assertConserved(ingest);
  const nats = await outage.startNats();
  await nothingBuffered(ingest);
  assert.deepEqual(await storedExecutions(t, nats), sent);
  assert.equal(await droppedOf(ingest, "stored"), 402, "the tasks and both starts");
  await assertConserved(ingest);
  await eventually(() => assert.deepEqual(outage.segments(), []));
  assert.deepEqual(errorsOf(ingest), []);
});

test("SPOOL_DIR: a stop during an outage exits 0, says how many events are kept, and the next process sends them", async (t) => {
  const outage = await startOutage(t, { BUFFER_MAX_EVENTS: "20" });
  const stopped = await outage.startIngest();
  const sent = await send(stopped, 50);
  assert.equal((await stopped.stop()).code, 0);
  assert.equal(lineOf(stopped, /^kept in the spool$/)?.["events"], 52, "fifty tasks, start and stop");
  assert.deepEqual(errorsOf(stopped), []);

  const nats = await outage.startNats();
  const ingest = await outage.startIngest();
  await nothingBuffered(ingest);
  assert.deepEqual(await storedExecutions(t, nats), sent);
  assert.equal((await ingest.stop()).code, 0);
  assert.equal(lineOf(ingest, /kept in the spool/), undefined);
  assert.deepEqual(outage.segments(), []);
});

test("SPOOL_DIR: nothing is left on disk while NATS is there", async (t) => {
  const { env } = await startServers(t);
  const outage = await startOutage(t, env);
  const ingest = await outage.startIngest();
  await send(ingest, 200);
  await nothingBuffered(ingest);
  await eventually(() => assert.deepEqual(outage.segments(), []));
  await assertConserved(ingest);
});

const small = [
  { setting: "BUFFER_MAX_EVENTS", value: "10" },
  { setting: "BUFFER_MAX_BYTES", value: "65536" },
];
for (const { setting, value } of small) {
  test(`${setting}: past it events are in the spool alone, and none is lost`, async (t) => {
    const outage = await startOutage(t, { [setting]: value });
    const ingest = await outage.startIngest();
    const sent = await send(ingest, 1_000);
    await spooled(ingest, 1_001);
    assert.equal(await ingest.metric("sensealerts_ingest_buffered_events"), 1_001);
    const bytes = await ingest.metric("sensealerts_ingest_buffered_bytes");
    assert.ok(bytes < 70_000, `${bytes} bytes in memory`);
    await assertConserved(ingest);
    const nats = await outage.startNats();
    await nothingBuffered(ingest);
    assert.deepEqual(await storedExecutions(t, nats), sent);
    await assertConserved(ingest);
    assert.deepEqual(errorsOf(ingest), []);
  });
}

test("SPOOL_MAX_BYTES: past it the oldest events are dropped, counted and told, and the newest delivered", async (t) => {
  const outage = await startOutage(t, { SPOOL_MAX_BYTES: "1048576", BUFFER_MAX_EVENTS: "100" });
  const ingest = await outage.startIngest();
  const sent = await send(ingest, 3_000);
  await eventually(async () => {
    const buffered = await ingest.metric("sensealerts_ingest_buffered_events");
    assert.equal(await ingest.metric("sensealerts_ingest_spooled_events"), buffered);
  });
  const onDisk = outage.segments().reduce((sum, path) => sum + statSync(path).size, 0);
  assert.ok(onDisk > 800_000 && onDisk <= 1_048_576, `${onDisk} bytes`);
  assert.equal(await ingest.metric("sensealerts_ingest_spooled_bytes"), onDisk);
  const dropped = await droppedOf(ingest, "dropped-spool-full");
  assert.ok(dropped > 500, `${dropped} dropped`);
  await assertConserved(ingest);
  const [line, ...more] = errorsOf(ingest);
  assert.deepEqual([line?.["msg"], line?.["result"]], ["event dropped: it is lost", "dropped-spool-full"]);
  assert.deepEqual(more, [], "once a minute");

  const nats = await outage.startNats();
  await nothingBuffered(ingest);
  assert.deepEqual(await storedExecutions(t, nats), sent.slice(dropped - 1), "the event of the start is the oldest");
  assert.equal(await droppedOf(ingest, "dropped-spool-full"), dropped);
  await assertConserved(ingest);
});

const damages: readonly {
  what: string;
  torn: number;
  lost: readonly number[];
  damage(path: string, sent: readonly string[]): void;
}[] = [
  {
    what: "a torn end",
    torn: 1,
    lost: [99],
    damage: (path) => truncateSync(path, statSync(path).size - 10),
  },
  {
    what: "a damaged byte in the middle and rubbish at the end",
    torn: 2,
    lost: [49],
    damage: (path, sent) => {
      const bytes = readFileSync(path);
      bytes.write("?", bytes.indexOf(sent[49] ?? ""));
      writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(200, "rubbish")]));
    },
  },
];
for (const { what, torn, lost, damage } of damages) {
  test(`SPOOL_DIR: ${what} is skipped, counted and told, and all else is sent`, async (t) => {
    const outage = await startOutage(t);
    const killed = await outage.startIngest();
    const sent = await send(killed, 100);
    await spooled(killed, 101);
    await killed.stop("SIGKILL");
    const [segment = "", ...more] = outage.segments();
    assert.deepEqual(more, []);
    damage(segment, sent);

    const nats = await outage.startNats();
    const ingest = await outage.startIngest();
    await nothingBuffered(ingest);
    const kept = sent.filter((_, index) => !lost.includes(index));
    assert.deepEqual(await storedExecutions(t, nats), kept);
    assert.equal(await ingest.metric("sensealerts_ingest_spool_torn_records_total"), torn);
    assert.match(String(errorsOf(ingest)[0]?.["msg"]), /records in the spool cannot be read/);
    await assertConserved(ingest);
  });
}

test("SPOOL_DIR: removed while the service runs, it is told once and made again, and no event is lost", async (t) => {
  const outage = await startOutage(t);
  const ingest = await outage.startIngest();
  const sent = [...(await send(ingest, 50))];
  await spooled(ingest, 51);
  rmSync(outage.dir, { recursive: true });
  sent.push(...(await send(ingest, 50)));
  await eventually(() => assert.ok(lineOf(ingest, /^the spool works again$/)));
  assert.ok(existsSync(outage.dir));
  assert.ok((await ingest.metric("sensealerts_ingest_spool_errors_total")) >= 1);
  assert.deepEqual(
    errorsOf(ingest).map((line) => [line["msg"], line["dir"]]),
    [["the spool failed: what it cannot take stays in memory until it works again", outage.dir]],
  );
  assert.equal((await ingest.readyz()).status, 200);
  const nats = await outage.startNats();
  await nothingBuffered(ingest);
  assert.deepEqual(await storedExecutions(t, nats), sent);
  await assertConserved(ingest);
});

test("SPOOL_DIR: one that cannot be used stops the start with 1 and one line on what to do", async (t) => {
  const outage = await startOutage(t);
  writeFileSync(outage.dir, "a file");
  const { code, stdout } = await runToExit(t, "udp-ingest", outage.env);
  assert.equal(code, 1);
  assertOneFatalLine(
    stdout,
    `SPOOL_DIR: ${outage.dir} is not a directory, nor can it become one: a file is in its way`,
  );
});

test("SPOOL_DIR: one that another udp-ingest uses stops the start with 1, and leaves the other alone", async (t) => {
  const outage = await startOutage(t);
  const first = await outage.startIngest();
  const { code, stdout } = await runToExit(t, "udp-ingest", outage.env);
  assert.equal(code, 1);
  assertOneFatalLine(
    stdout,
    `SPOOL_DIR: ${outage.dir} is in use by another udp-ingest; each needs a directory of its own`,
  );
  await send(first, 10);
  await spooled(first, 11);
  await first.stop("SIGKILL");
  await outage.startIngest();
});

test("SPOOL_DIR: one that another host uses stops the start with 1; one that a dead host has left is taken over", async (t) => {
  const outage = await startOutage(t);
  const killed = await outage.startIngest();
  const sent = await send(killed, 100);
  await spooled(killed, 101);
  await killed.stop("SIGKILL");
  const ownerFile = join(outage.dir, "owner.json");
  const owner = {
    ...JSON.parse(readFileSync(ownerFile, "utf8")),
    instance: "ingest-0",
    host: "node-1",
    boot: "another",
  };
  writeFileSync(ownerFile, JSON.stringify(owner));

  const alive = setInterval(() => utimesSync(ownerFile, new Date(), new Date()), 500);
  const { code, stdout } = await runToExit(t, "udp-ingest", outage.env).finally(() => clearInterval(alive));
  assert.equal(code, 1);
  const inUse = `SPOOL_DIR: ${outage.dir} is in use by ingest-0 on host node-1; each udp-ingest needs a directory of its own`;
  assertOneFatalLine(stdout, inUse);

  const nats = await outage.startNats();
  const ingest = await outage.startIngest();
  assert.ok(lineOf(ingest, /^waiting: the spool is taken over unless its owner is alive$/));
  await nothingBuffered(ingest);
  assert.deepEqual(await storedExecutions(t, nats), sent);
});

function assertOneFatalLine(stdout: string, message: string): void {
  const lines: readonly LogLine[] = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const [fatal, ...more] = lines.filter(({ level }) => level === "fatal" || level === "error");
  assert.deepEqual(more, []);
  assert.equal(fatal?.["msg"], "service failed to start");
  assert.ok(JSON.stringify(fatal["err"]).includes(message), JSON.stringify(fatal));
}
