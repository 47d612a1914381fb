import assert from "node:assert/strict";
import { test } from "node:test";
import { readTimestamp } from "../../src/datagram/timestamp.js";
import { createUtcConversion, isTimezone } from "../../src/datagram/timezone.js";

function utcOf(zone: string | undefined, logged: string, receivedAt = "2024-01-01T00:00:00Z"): string | null {
  const timestamp = readTimestamp(Buffer.from(logged), 0, logged.length);
  assert.ok(timestamp, logged);
  return createUtcConversion(zone)(timestamp, Date.parse(receivedAt));
}

const table = [
  ["Europe/Stockholm", "2024-01-15 12:00:00,001", "2024-01-15T11:00:00.001Z"],
  ["Europe/Stockholm", "2024-07-15 12:00:00,999", "2024-07-15T10:00:00.999Z"],
  ["Europe/Stockholm", "2024-03-31 01:59:59,999", "2024-03-31T00:59:59.999Z"],
  ["Europe/Stockholm", "2024-03-31 03:00:00,000", "2024-03-31T01:00:00.000Z"],
  ["Europe/Stockholm", "2024-10-27 01:59:59,999", "2024-10-26T23:59:59.999Z"],
  ["Europe/Stockholm", "2024-10-27 03:00:00,000", "2024-10-27T02:00:00.000Z"],
  ["Asia/Kolkata", "2024-07-15 12:00:00", "2024-07-15T06:30:00.000Z"],
  ["Asia/Kathmandu", "2024-07-15 00:00:00.5", "2024-07-14T18:15:00.500Z"],
  ["America/St_Johns", "2024-01-15 12:00:00,1234567", "2024-01-15T15:30:00.123Z"],
  ["America/St_Johns", "2024-07-15T12:00:00,12", "2024-07-15T14:30:00.120Z"],
  ["America/St_Johns", "2010-11-06 23:00:59,000", "2010-11-07T01:30:59.000Z"],
  ["America/St_Johns", "2010-11-07 00:01:00,000", "2010-11-07T03:31:00.000Z"],
  ["Australia/Lord_Howe", "2024-01-15 12:00:00,000", "2024-01-15T01:00:00.000Z"],
  ["Australia/Lord_Howe", "2024-07-15 12:00:00,000", "2024-07-15T01:30:00.000Z"],
  ["Pacific/Apia", "2011-12-29 23:59:59,000", "2011-12-30T09:59:59.000Z"],
  ["Pacific/Apia", "2011-12-31 00:00:00,000", "2011-12-30T10:00:00.000Z"],
  ["UTC", "2024-02-29 23:59:59,999", "2024-02-29T23:59:59.999Z"],
] as const;

for (const [zone, logged, utc] of table) {
  test(`reads ${logged} in ${zone} as ${utc}`, () => {
    assert.equal(utcOf(zone, logged), utc);
  });
}

test("reads an hour that comes twice as the one nearer to the time of receipt", () => {
  const logged = "2024-10-27 02:30:00,000";
  assert.equal(utcOf("Europe/Stockholm", logged, "2024-10-27T00:30:01Z"), "2024-10-27T00:30:00.000Z");
  assert.equal(utcOf("Europe/Stockholm", logged, "2024-10-27T01:30:01Z"), "2024-10-27T01:30:00.000Z");
});

test("reads an hour that the clock left out with the offset from before the change", () => {
  assert.equal(utcOf("Europe/Stockholm", "2024-03-31 02:30:00,000"), "2024-03-31T01:30:00.000Z");
  assert.equal(utcOf("America/St_Johns", "2024-03-10 02:15:00,000"), "2024-03-10T05:45:00.000Z");
});

test("lets an offset in the time itself count before the zone", () => {
  assert.equal(utcOf("Asia/Kolkata", "2024-07-15T12:00:00Z"), "2024-07-15T12:00:00.000Z");
  assert.equal(utcOf("Asia/Kolkata", "2024-07-15 12:00:00,000+01:00"), "2024-07-15T11:00:00.000Z");
  assert.equal(utcOf("Asia/Kolkata", "20240715T120000.000-0330"), "2024-07-15T15:30:00.000Z");
});

test("gives no UTC time without a zone, without a time, and for a time that no calendar has", () => {
  assert.equal(utcOf(undefined, "2024-07-15T12:00:00Z"), null);
  assert.equal(createUtcConversion("UTC")(undefined, 0), null);
  for (const never of ["2024-02-30 12:00:00", "2023-02-29 12:00:00", "2024-13-01 12:00:00", "2024-01-00 12:00:00"]) {
    assert.equal(utcOf("UTC", never), null, never);
  }
  for (const never of ["2024-01-01 24:00:00", "2024-01-01 23:60:00", "2024-01-01 23:59:60", "0001-01-01 00:00:00"]) {
    assert.equal(utcOf("UTC", never), null, never);
  }
});

test("agrees with the calendar of Intl on each half hour of a year with two changes", () => {
  for (const zone of ["Europe/Stockholm", "America/St_Johns", "Australia/Lord_Howe"]) {
    const toUtc = createUtcConversion(zone);
    const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
    for (let at = Date.UTC(2025, 0, 1); at < Date.UTC(2026, 0, 1); at += 30 * 60_000) {
      const logged = Buffer.from(clock.format(at));
      const timestamp = readTimestamp(logged, 0, logged.length);
      assert.equal(toUtc(timestamp, at), new Date(at).toISOString(), `${zone} ${logged}`);
    }
  }
});

test("asks Intl once a minute of logged time, not once a datagram", (t) => {
  const format = t.mock.getter(Intl.DateTimeFormat.prototype, "format", () => () => "GMT+01:00");
  const toUtc = createUtcConversion("Europe/Stockholm");
  for (let ms = 0; ms < 60_000; ms += 10) toUtc({ localMs: ms, offsetMinutes: undefined }, 0);
  assert.ok(format.mock.callCount() <= 2, `${format.mock.callCount()} times`);
});

test("knows the names of time zones", () => {
  for (const name of ["Europe/Stockholm", "Asia/Kolkata", "America/St_Johns", "UTC"]) assert.ok(isTimezone(name), name);
  for (const name of ["", "Europe/Stockhom", "W. Europe Standard Time"]) assert.ok(!isTimezone(name), name);
});
