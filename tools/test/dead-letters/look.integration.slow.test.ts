import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeEvent } from "@sense-alerts/event-contract";
import { taskDatagram } from "@sense-alerts/test-kit";
import { datagramHeaders, failedTask, letterHeaders, startParked } from "../fixtures/parked-streams.js";

const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;

test("lists what is in both streams as one table, oldest first", async (t) => {
  const { run, datagram, letter } = await startParked(t);
  await datagram("/no-such-tag/;a;b");
  await letter(encodeEvent(failedTask()));
  await letter("no JSON", letterHeaders("not-json"));
  const { code, stdout, stderr } = await run("list");
  const { id } = failedTask();
  const size = encodeEvent(failedTask()).length;
  assert.deepEqual(stdout.trimEnd().replaceAll(new RegExp(time, "g"), "<time>".padEnd(24)).split("\n"), [
    "address  time                      kind         reason            bytes  what",
    "     r1  <time>                    rejected     unknown-tag          17  from 10.0.0.5:51234: /no-such-tag/;a;b",
    `     d1  <time>                    dead-letter  packet-too-large    ${size}  ${id} (sense.task.failed)`,
    "     d2  <time>                    dead-letter  not-json              7  no JSON",
  ]);
  assert.deepEqual([code, stderr], [0, ""]);
});

test("says that there is nothing", async (t) => {
  const { run } = await startParked(t);
  assert.deepEqual((await run("list")).stdout, "Nothing to list in SENSE_DEAD_LETTERS and SENSE_REJECTED.\n");
});

test("lists by reason and by kind, and the newest alone with a word on the others", async (t) => {
  const { run, datagram, letter } = await startParked(t);
  for (let n = 1; n <= 54; n++) await datagram(`/no-such-tag/;${n}`);
  await datagram("x", datagramHeaders("unknown-layout"));
  await letter("y", letterHeaders("not-json"));
  const listed = async (...args: string[]) => {
    const { stdout } = await run("list", ...args);
    return {
      addresses: Array.from(stdout.matchAll(/^ *([dr]\d+) {2}\d{4}-/gm), ([, address]) => address),
      older: /^(\d+) older/m.exec(stdout)?.[1],
    };
  };
  const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => `r${first + n}`);
  assert.deepEqual(await listed(), { addresses: [...from(7, 55), "d1"], older: "6" });
  assert.deepEqual(await listed("--limit", "0"), { addresses: [...from(1, 55), "d1"], older: undefined });
  assert.deepEqual(await listed("--reason", "unknown-tag", "--limit", "2"), { addresses: ["r53", "r54"], older: "52" });
  assert.deepEqual(await listed("--kind", "dead-letter"), { addresses: ["d1"], older: undefined });
  assert.deepEqual(await listed("--kind", "rejected", "--reason", "not-json"), { addresses: [], older: undefined });
});

test("lists as JSON, one object to a line and nothing else on stdout", async (t) => {
  const { run, datagram, letter } = await startParked(t);
  await datagram("old");
  await datagram("/no-such-tag/;a;b");
  await letter(encodeEvent(failedTask()));
  const { stdout, stderr } = await run("list", "--json", "--limit", "2");
  const objects = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(objects.length, 2);
  for (const object of objects) assert.match(object.time, time);
  const { address, sequence, kind, reason, bytes, source, receivedAt, eventId } = objects[0];
  assert.deepEqual(
    { address, sequence, kind, reason, bytes, source, receivedAt, eventId },
    {
      address: "r2",
      sequence: 2,
      kind: "rejected",
      reason: "unknown-tag",
      bytes: 17,
      source: "10.0.0.5:51234",
      receivedAt: "2026-11-20T05:30:01.121Z",
      eventId: null,
    },
  );
  const { subject, eventType } = objects[1];
  assert.deepEqual(
    [objects[1].eventId, eventType, subject],
    [failedTask().id, "sense.task.failed", "sense.task.failed"],
  );
  assert.match(stderr, /^1 older entry is not shown/);
});

test("shows the headers, the text, and what the reader says of a datagram today", async (t) => {
  const { run, datagram, letter } = await startParked(t);
  await datagram(taskDatagram({ logMessage: "line 1\r\nline 2" }), datagramHeaders("unknown-layout"));
  await datagram("/no-such-tag/;a;b");
  await letter(encodeEvent(failedTask()));
  const readable = await run("show", "r1");
  assert.equal(readable.code, 0);
  assert.match(readable.stdout, /^header +Sense-Reason: unknown-layout$/m);
  assert.match(readable.stdout, /^header +Sense-Source: 10\.0\.0\.5:51234$/m);
  assert.match(readable.stdout, /^reader today +sense\.task\.failed task\.failed:5a4d2f0e-/m);
  assert.match(readable.stdout, /^text +\/scheduler-task-failed\/;sense1;.*;line 1\\r\\nline 2$/m);
  const both = await run("show", "r2", "d1");
  assert.match(both.stdout, /^reader today +still not an event \(unknown-tag\)$/m);
  assert.match(
    both.stdout,
    /^as an event +sense\.task\.failed task\.failed:5a4d2f0e-.*, received 2026-11-20T05:30:01\.121Z$/m,
  );
  const none = await run("show", "r1", "d99");
  assert.deepEqual([none.code, none.stderr], [1, "d99  is not in SENSE_DEAD_LETTERS\n"]);
});

test("shows a dead letter that holds only the beginning of its event with the whole of it", async (t) => {
  const { run, event, letter } = await startParked(t);
  const large = failedTask("x".repeat(5_000));
  await event(large);
  const bytes = encodeEvent(large);
  const headers = { ...letterHeaders(), "Sense-Payload-Bytes": String(bytes.length) };
  await letter(bytes.subarray(0, 1_024), headers);
  await letter(bytes.subarray(0, 1_024), { ...headers, "Sense-Sequence": "2" });
  const { stdout } = await run("show", "d1");
  assert.match(stdout, new RegExp(`^bytes +${bytes.length}, from the stream of events$`, "m"));
  assert.match(stdout, /^text .*x{5000}/m);
  assert.match((await run("show", "d2")).stdout, /only its beginning is left$/m);
});

/** Commands to the terminal, ends of lines, a turn of direction, and what is no UTF-8. */
const hostile = "\u001b]0;owned\u0007\u001b[2J\r\n 99  forged\u0085\u009b31m\u202eabc\u2028\u0000\u007f";

test("lets nothing that a terminal would obey come out of any command", async (t) => {
  const { run, datagram, letter } = await startParked(t);
  const inHeader = "a\u001b[2Jb\u009bc\u202ed";
  await datagram(Buffer.concat([Buffer.from(hostile), Buffer.from([0xff, 0x1b, 0x9b])]), {
    "Sense-Reason": inHeader,
    "Sense-Source": inHeader,
    [`X-${inHeader}`]: inHeader,
  });
  await datagram(hostile, { "Sense-Reason": `a\nforged\u001b[2J` });
  await letter(hostile, { ...letterHeaders(inHeader), "Sense-Subject": inHeader });
  await letter(JSON.stringify({ ...failedTask(), id: hostile, type: hostile }), letterHeaders(inHeader));
  for (const args of [
    ["list"],
    ["list", "--json"],
    ["list", "--reason", hostile.replaceAll("\0", "")],
    ["show", "r1", "r2", "d1", "d2"],
    ["show", "d99\u001b[2J"],
    ["--\u001b[2J"],
    ["replay", "--all"],
    ["drop", "--all"],
    ["drop", "r1", "r2", "d1", "d2"],
  ]) {
    const { stdout, stderr } = await run(...args);
    const lines = `${stdout}${stderr}`.split("\n");
    assert.ok(lines.length > 1, args.join(" "));
    assert.deepEqual(
      lines.filter((line) => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|^ *99 {2}forged|^forged/u.test(line)),
      [],
      args.join(" "),
    );
  }
});
