import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { eventId } from "../src/event-id.js";
import { eventTypes } from "../src/subjects.js";

const task = "22b106a8-e7ed-4466-b700-014f060bef16";
const execution = "c073f112-4318-4d1f-ae82-14492aa0c35f";
const nilGuid = "00000000-0000-0000-0000-000000000000";

const guid = fc.uuid().filter((value) => value !== nilGuid);
const type = fc.constantFrom(...eventTypes);
const datagram = fc.uint8Array();
const noExecution = fc.oneof(
  fc.constantFrom("", "(null)", nilGuid, "exec-1", `{${execution}}`, ` ${execution}`, `${execution}\n`),
  fc.string(),
);

/** The same text with each letter in a case of its own. */
function inAnyCase(text: string): fc.Arbitrary<string> {
  return fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((letter, at) => (upper[at] ? letter.toUpperCase() : letter.toLowerCase())).join(""));
}

test("the id is the kind, the task and the execution when Sense gave an execution id", () => {
  const id = eventId("sense.task.failed", task.toUpperCase(), execution.toUpperCase(), Buffer.from("any"));
  assert.equal(id, `task.failed:${task}:${execution}`);
});

for (const executionId of ["", "(null)", nilGuid, "exec-1", ` ${execution}`, `{${execution}}`, `${execution}\n`]) {
  test(`the id is the hash of the datagram when the execution id is ${JSON.stringify(executionId)}`, () => {
    // printf abc | sha256sum
    const hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert.equal(eventId("sense.task.failed", task, executionId, Buffer.from("abc")), `task.failed:sha256:${hash}`);
  });
}

test("the id is the same for a task and an execution in any letter case, whatever the rest of the datagram", () => {
  const spellings = fc
    .tuple(guid, guid)
    .chain(([taskId, executionId]) =>
      fc.tuple(inAnyCase(taskId), inAnyCase(taskId), inAnyCase(executionId), inAnyCase(executionId)),
    );
  fc.assert(
    fc.property(type, spellings, datagram, datagram, (kind, [taskA, taskB, executionA, executionB], a, b) => {
      assert.equal(eventId(kind, taskA, executionA, a), eventId(kind, taskB, executionB, b));
    }),
  );
});

test("the id differs between two kinds of event of one execution", () => {
  const twoTypes = fc.uniqueArray(type, { minLength: 2, maxLength: 2 });
  fc.assert(
    fc.property(twoTypes, guid, fc.oneof(guid, noExecution), datagram, (types, taskId, executionId, bytes) => {
      assert.equal(new Set(types.map((kind) => eventId(kind, taskId, executionId, bytes))).size, 2);
    }),
  );
});

test("the id differs between two executions of one task, and between two tasks", () => {
  fc.assert(
    fc.property(
      type,
      fc.uniqueArray(guid, { minLength: 2, maxLength: 2 }),
      guid,
      datagram,
      (kind, two, other, bytes) => {
        assert.equal(new Set(two.map((executionId) => eventId(kind, other, executionId, bytes))).size, 2);
        assert.equal(new Set(two.map((taskId) => eventId(kind, taskId, other, bytes))).size, 2);
      },
    ),
  );
});

test("the id differs between two datagrams without an execution id", () => {
  const two = fc.uniqueArray(datagram, {
    minLength: 2,
    maxLength: 2,
    selector: (bytes) => Buffer.from(bytes).toString("hex"),
  });
  fc.assert(
    fc.property(type, guid, noExecution, two, (kind, taskId, executionId, datagrams) => {
      assert.equal(new Set(datagrams.map((bytes) => eventId(kind, taskId, executionId, bytes))).size, 2);
    }),
  );
});

test("the id is the same for a datagram without an execution id that comes twice", () => {
  fc.assert(
    fc.property(type, guid, noExecution, datagram, (kind, taskId, executionId, bytes) => {
      const again = Buffer.from(bytes);
      assert.equal(eventId(kind, taskId, executionId, bytes), eventId(kind, taskId, executionId, again));
    }),
  );
});

test("the id fits in a NATS header: printable ASCII without blanks", () => {
  fc.assert(
    fc.property(type, guid, fc.oneof(guid, noExecution), datagram, (kind, taskId, executionId, bytes) => {
      assert.match(eventId(kind, taskId, executionId, bytes), /^[!-~]+$/);
    }),
  );
});
