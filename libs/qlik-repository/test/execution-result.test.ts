import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { executionOf, fitsEvent, newestOf } from "../src/execution-result.js";

const id = "22b106a8-e7ed-4466-b700-014f060bef16";
const zero = "00000000-0000-0000-0000-000000000000";
const notSet = "1753-01-01T00:00:00.000Z";
const at = (seconds: number) => new Date(Date.UTC(2026, 10, 20, 5, 0, seconds)).toISOString();
const receivedAtMs = Date.parse(at(0));

const result = {
  id,
  executingNodeName: "pro2-win2",
  status: 8,
  startTime: at(-60),
  stopTime: at(-1),
  duration: 59_000,
  fileReferenceID: zero,
  scriptLogAvailable: true,
  details: [],
};

test("sorts the details by their dates, which QRS does not", () => {
  const details = [3, 1, 2].map((second) => ({ message: `m${second}`, detailCreatedDate: at(second) }));
  assert.deepEqual(
    executionOf({ ...result, details }).details,
    [1, 2, 3].map((second) => ({ message: `m${second}`, date: at(second) })),
  );
});

test("takes the year 1753 and the zero GUID for not set", () => {
  const execution = executionOf({ ...result, startTime: notSet, stopTime: notSet });
  assert.deepEqual(
    [execution.startTime, execution.stopTime, execution.fileReferenceId],
    [undefined, undefined, undefined],
  );
  const { fileReferenceId } = executionOf({ ...result, fileReferenceID: id });
  assert.equal(fileReferenceId, id);
});

test("does without what QRS leaves out", () => {
  const { executingNodeName, durationMs, scriptLogAvailable } = executionOf({ id, status: 2, details: [] });
  assert.deepEqual([executingNodeName, durationMs, scriptLogAvailable], ["", 0, false]);
});

test("has a name for each status that Qlik documents, distribution's too, and keeps an unknown number", () => {
  const statusOf = (status: number) => executionOf({ ...result, status }).status;
  assert.deepEqual([0, 5, 6, 7, 8, 13, 14, 15, -1].map(statusOf), [
    ...["NeverStarted", "Aborting", "Aborted", "FinishedSuccess", "FinishedFail"],
    ...["DistributionQueue", "DistributionRunning", "15", "-1"],
  ]);
});

test("takes the run of a session that began last, or is about to", () => {
  const started = (second: number) => executionOf({ ...result, startTime: at(second) });
  assert.equal(newestOf([]), undefined);
  assert.equal(newestOf([started(1), started(3), started(2)])?.startTime, at(3));
  const queued = executionOf({
    ...result,
    startTime: notSet,
    details: [{ message: "queued", detailCreatedDate: at(9) }],
  });
  assert.equal(newestOf([started(1), queued, started(2)]), queued);
});

for (const [name, startTime, stopTime, fits] of [
  ["ended just before the event", at(-600), at(-1), true],
  ["still runs", at(-600), notSet, true],
  ["ended just after the event, by QRS's clock", at(-600), at(20), true],
  ["ended long before the event", at(-600), at(-300), false],
  ["began after the event", at(60), notSet, false],
  ["was a run after the event", at(60), at(90), false],
  ["never began", notSet, notSet, false],
] as const) {
  test(`a last result that ${name} is ${fits ? "" : "not "}of the event's run`, () => {
    assert.equal(fitsEvent(executionOf({ ...result, startTime, stopTime }), receivedAtMs), fits);
  });
}

test("reads any run that passes validation, and always the same way", () => {
  const time = fc.option(
    fc.oneof(
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.string(),
    ),
    {
      nil: null,
    },
  );
  const details = fc.array(
    fc.record({ message: fc.option(fc.string(), { nil: null }), detailCreatedDate: fc.string() }),
  );
  const anyResult = fc.record({
    id: fc.constant(id),
    status: fc.integer(),
    startTime: time,
    stopTime: time,
    duration: fc.option(fc.integer(), { nil: null }),
    details,
  });
  fc.assert(
    fc.property(anyResult, (any) => {
      const execution = executionOf(any);
      assert.deepEqual(execution, executionOf(any));
      for (const text of [execution.startTime, execution.stopTime]) {
        if (text !== undefined) assert.equal(new Date(text).toISOString(), text);
      }
    }),
  );
});
