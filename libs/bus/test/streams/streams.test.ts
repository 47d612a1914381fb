import assert from "node:assert/strict";
import { test } from "node:test";
import { eventTypes } from "@sense-alerts/event-contract";
import { deadLetterStreamName, rejectedStreamName, type StreamUse } from "../../src/index.js";
import { covers, differences, wantedStreams } from "../../src/streams/wanted-streams.js";
import { defaults, hourMs } from "../fixtures/bus.js";

const wanted = wantedStreams(defaults)[0];
assert.ok(wanted !== undefined);
const live = { ...wanted, sealed: false } as unknown as Parameters<typeof differences>[1];

for (const [pattern, subject, expected] of [
  ["sense.rejected", "sense.rejected", true],
  ["sense.rejected", "sense.Rejected", false],
  ["sense.rejected", "sense", false],
  ["sense", "sense.rejected", false],
  ["sense.*", "sense.rejected", true],
  ["sense.*", "sense.task.failed", false],
  ["sense.*.failed", "sense.task.failed", true],
  ["sense.*.failed", "sense.task.aborted", false],
  ["*.*.*", "sense.task.failed", true],
  ["*", "sense.rejected", false],
  ["sense.>", "sense.task.failed", true],
  ["sense.>", "sense.rejected", true],
  ["sense.>", "sense", false],
  ["sense.task.>", "sense.rejected", false],
  ["sense.task.failed.>", "sense.task.failed", false],
  ["*.>", "sense.rejected", true],
  [">", "sense.rejected", true],
] as const) {
  test(`says that ${pattern} ${expected ? "takes" : "does not take"} ${subject}`, () => {
    assert.equal(covers(pattern, subject), expected);
  });
}

test("finds no difference to a stream that is as wanted", () => {
  assert.deepEqual(differences(wanted, live), []);
});

test("names each setting that differs, with both values", () => {
  const found = differences(wanted, { ...live, max_age: 60_000_000_000, num_replicas: 3 });
  assert.deepEqual(found, [
    { setting: "num_replicas", wanted: "1", live: "3" },
    { setting: "max_age", wanted: "259200000000000", live: "60000000000" },
  ]);
});

test("leaves settings alone that it has no wish about", () => {
  assert.deepEqual(differences(wanted, { ...live, max_msgs: 5, description: "by hand" }), []);
});

test("keeps events in one stream, rejected datagrams for 7 days and dead letters for 30 in streams of their own", () => {
  const [events, rejected, deadLetters] = wantedStreams({
    ...defaults,
    subjectPrefix: "acme.qlik",
    streamMaxAgeMs: hourMs,
  });
  assert.deepEqual(
    events?.subjects,
    eventTypes.map((type) => type.replace(/^sense/, "acme.qlik")),
  );
  assert.equal(events?.max_age, 3_600_000_000_000);
  assert.deepEqual(rejected?.subjects, ["acme.qlik.rejected"]);
  assert.equal(rejected?.max_age, 604_800_000_000_000);
  assert.deepEqual(deadLetters?.subjects, ["acme.qlik.dead-letter"]);
  assert.equal(deadLetters?.max_age, 2_592_000_000_000_000);
});

test("names only the streams that the service uses", () => {
  const namesFor = (...uses: StreamUse[]) => wantedStreams({ ...defaults, uses }).map(({ name }) => name);
  assert.deepEqual(namesFor("publish-events", "publish-rejected"), ["SENSE_EVENTS", "SENSE_REJECTED"]);
  assert.deepEqual(namesFor("read-events", "publish-dead-letters"), ["SENSE_EVENTS", "SENSE_DEAD_LETTERS"]);
});

test("keeps at most 256 MiB of rejected datagrams and 128 MiB of dead letters, and never more than of events", () => {
  const bytesOf = (streamMaxBytes: number) =>
    wantedStreams({ ...defaults, streamMaxBytes }).map((stream) => stream.max_bytes);
  assert.deepEqual(bytesOf(1024 ** 3), [1024 ** 3, 256 * 1024 ** 2, 128 * 1024 ** 2]);
  assert.deepEqual(bytesOf(1024), [1024, 1024, 1024]);
});

for (const [events, rejected, deadLetters] of [
  ["SENSE_EVENTS", "SENSE_REJECTED", "SENSE_DEAD_LETTERS"],
  ["X", "X_REJECTED", "X_DEAD_LETTERS"],
  ["X_EVENTS_2", "X_EVENTS_2_REJECTED", "X_EVENTS_2_DEAD_LETTERS"],
] as const) {
  test(`puts the streams ${rejected} and ${deadLetters} beside ${events}`, () => {
    assert.deepEqual([rejectedStreamName(events), deadLetterStreamName(events)], [rejected, deadLetters]);
  });
}
