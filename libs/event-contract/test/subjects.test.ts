import assert from "node:assert/strict";
import { test } from "node:test";
import { deadLetterSubject, defaultSubjectPrefix, eventTypes, rejectedSubject, subjectOf } from "../src/subjects.js";

test("publishes an event on the subject of its type under the default prefix", () => {
  for (const type of eventTypes) assert.equal(subjectOf(type, defaultSubjectPrefix), type);
  assert.equal(rejectedSubject(defaultSubjectPrefix), "sense.rejected");
  assert.equal(deadLetterSubject(defaultSubjectPrefix), "sense.dead-letter");
});

test("moves every subject under another prefix, which may have dots of its own", () => {
  assert.equal(subjectOf("sense.task.failed", "acme"), "acme.task.failed");
  assert.equal(subjectOf("sense.engine.reload-failed", "acme.prod"), "acme.prod.engine.reload-failed");
  assert.equal(rejectedSubject("acme"), "acme.rejected");
  assert.equal(deadLetterSubject("acme.prod"), "acme.prod.dead-letter");
});
