import assert from "node:assert/strict";
import { test } from "node:test";
import { eventTypes } from "@sense-alerts/event-contract";
import { rejectedStreamName } from "../../src/index.js";
import { covers, differences, wantedStreams } from "../../src/streams/streams.js";
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

test("keeps every event type in the one stream, rejected datagrams and dead letters for a week in the other", () => {
  const [events, rejected] = wantedStreams({ ...defaults, subjectPrefix: "acme.qlik", streamMaxAgeMs: hourMs });
  assert.deepEqual(
    events?.subjects,
    eventTypes.map((type) => type.replace(/^sense/, "acme.qlik")),
  );
  assert.equal(events?.max_age, 3_600_000_000_000);
  assert.deepEqual(rejected?.subjects, ["acme.qlik.rejected", "acme.qlik.dead-letter"]);
  assert.equal(rejected?.max_age, 604_800_000_000_000);
});

test("keeps at most 256 MiB of rejected datagrams, and never more than of events", () => {
  const bytesOf = (streamMaxBytes: number) =>
    wantedStreams({ ...defaults, streamMaxBytes }).map((stream) => stream.max_bytes);
  assert.deepEqual(bytesOf(1024 ** 3), [1024 ** 3, 256 * 1024 ** 2]);
  assert.deepEqual(bytesOf(1024), [1024, 1024]);
});

for (const [events, rejected] of [
  ["SENSE_EVENTS", "SENSE_REJECTED"],
  ["X", "X_REJECTED"],
  ["X_EVENTS_2", "X_EVENTS_2_REJECTED"],
] as const) {
  test(`puts the stream ${rejected} beside ${events}`, () => {
    assert.equal(rejectedStreamName(events), rejected);
  });
}
