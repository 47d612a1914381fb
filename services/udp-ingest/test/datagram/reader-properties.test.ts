import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEvent, encodeEvent } from "@sense-alerts/event-contract";
import fc from "fast-check";
import { type Rejection, rejections } from "../../src/datagram/rejection.js";
import {
  datagramOf,
  guid,
  id,
  level,
  message,
  name,
  snippet,
  type Task,
  tags,
  task,
  text,
  time,
} from "./arbitrary-task.js";
import { anchors, engineEvent, examples, reading, rejection, taskEvent } from "./examples.js";

// The expected fields, computed independently of the reader

function cleaned(sent: string, kept: string): string {
  let out = "";
  let inRun = false;
  for (const character of sent) {
    const replaced = /\p{Cc}/u.test(character) && !kept.includes(character);
    if (!replaced) out += character;
    else if (!inRun) out += " ";
    inRun = replaced;
  }
  return ["", "(null)"].includes(out.trim()) ? "" : out;
}

function isAbsent(sent: string): boolean {
  return ["", "(null)"].includes(sent.trim());
}

/** Two readings are possible when the names and the user hold a time and a level: no reader can tell which is meant. */
function imitatesAnchors(sent: Task): boolean {
  const fields = `${sent.taskName};${sent.appName};${sent.user};${sent.taskId}`.split(";");
  const word = /^[\s\p{Cc}]*[a-z]{1,16}([0-9a-f-]{36}|\(null\))?[\s\p{Cc}]*$/iu;
  return fields.some((field, at) => /\d{4}-?\d\d-?\d\d[T ]/.test(field) && word.test(fields[at + 1] ?? ""));
}

function comesOut(sent: Task, datagram: string, wireFormat: string): void {
  const { data } = taskEvent(datagram);
  const rawNames = `${sent.taskName};${sent.appName}`;
  assert.deepEqual(
    {
      hostName: data.hostName,
      user: data.user,
      ids: [data.taskId, data.appId, data.executionId],
      logged: [data.logTimeStamp, data.logLevel],
      logMessage: data.logMessage,
      wireFormat: data.wireFormat,
    },
    {
      hostName: cleaned(sent.host, ""),
      user: cleaned(sent.user, ""),
      ids: [sent.taskId, sent.appId, sent.id].map((sentId) => (isAbsent(sentId) ? "" : sentId)),
      logged: [sent.time, sent.level],
      logMessage: cleaned(sent.message, "\r\n\t"),
      wireFormat,
    },
  );
  if (rawNames.split(";").length === 2) {
    assert.deepEqual([data.taskName, data.appName], [cleaned(sent.taskName, ""), cleaned(sent.appName, "")]);
    assert.equal("rawNames" in data || "ambiguousNames" in data, false);
  } else {
    assert.deepEqual([data.rawNames, data.ambiguousNames], [cleaned(rawNames, ""), true]);
    const { taskName, appName } = bestReading(cleaned(rawNames, ""));
    assert.deepEqual([data.taskName, data.appName], [taskName, appName]);
  }
}

/** Tries every split, from the left. */
function bestReading(rawNames: string): { taskName: string; appName: string } {
  const fields = rawNames.split(";");
  const splits = fields
    .slice(1)
    .map((_, at) => [fields.slice(0, at + 1).join(";"), fields.slice(at + 1).join(";")] as const);
  const repeats = splits.find(([taskName, appName]) => appName.trim() !== "" && taskName.includes(appName.trim()));
  const [taskName, appName] = repeats ?? splits.at(-1) ?? ["", ""];
  return { taskName: cleaned(taskName, ""), appName: cleaned(appName, "") };
}

test("gives out every field of a tagged datagram as it went in, whatever the names and the message hold", () => {
  fc.assert(
    fc.property(task, fc.constantFrom(...tags), (sent, [tag, wireFormat]) => {
      fc.pre(!imitatesAnchors(sent));
      comesOut(sent, datagramOf(tag, sent), wireFormat);
    }),
    { numRuns: 2000 },
  );
});

test("gives out every field of an untagged datagram as it went in, whatever the names and the message hold", () => {
  fc.assert(
    fc.property(task, (sent) => {
      fc.pre(!imitatesAnchors(sent) && !/^[\s\p{Cc}\ufeff]*\//u.test(sent.host) && !sent.host.startsWith("\ufeff"));
      comesOut(sent, datagramOf("", sent), "L1");
    }),
    { numRuns: 2000 },
  );
});

test("prefers the longest app name that the task name repeats, however many semicolons there are", () => {
  const word = fc.constantFrom("a", "b", " ", "", "a b", "(null)");
  fc.assert(
    fc.property(fc.array(word, { minLength: 3, maxLength: 12 }), (words) => {
      const rawNames = words.join(";");
      const { data } = taskEvent(`/scheduler-task-failed/;h;${rawNames};u;${anchors}M`);
      assert.deepEqual({ taskName: data.taskName, appName: data.appName }, bestReading(rawNames));
    }),
    { numRuns: 2000 },
  );
});

test("gives out every field of an engine datagram as it went in, whatever the user id and the message hold", () => {
  const userId = name.filter((sent) => !/\d{4}-?\d\d-?\d\d[T ]/.test(sent));
  const failure = fc.record({ host: text, app: id, session: guid, directory: text, userId, time, level, message });
  fc.assert(
    fc.property(failure, ({ host, app, session, directory, userId, time, level, message }) => {
      const sent = ["/engine-reload-failed/", host, app, session, directory, userId, time, level, message].join(";");
      const { data } = engineEvent(sent);
      assert.deepEqual(
        [data.hostName, data.appId, data.sessionId, data.userDirectory, data.userId],
        [cleaned(host, ""), isAbsent(app) ? "" : app, session, cleaned(directory, ""), cleaned(userId, "")],
      );
      assert.deepEqual([data.logTimeStamp, data.logLevel, data.logMessage], [time, level, cleaned(message, "\r\n\t")]);
    }),
  );
});

// What anyone may send

function isEventOrKnownRejection(bytes: Buffer): void {
  const result = reading(bytes);
  if (!result.ok) assert.ok(rejections.includes(result.reason), result.reason);
  else assert.deepEqual(decodeEvent(encodeEvent(result.event)), { ok: true, event: result.event });
}

test("gives an event or a reason for any bytes, and never throws", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => isEventOrKnownRejection(Buffer.from(bytes))),
    { numRuns: 1000 },
  );
});

test("gives an event or a reason for any mutation of a real datagram, and never throws", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    snippet.map((sent) => Buffer.from(sent)),
    fc.constant(Buffer.from(";")),
  );
  const mutation = fc.record({ at: fc.nat({ max: 400 }), removed: fc.nat({ max: 60 }), piece });
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(examples)),
      fc.array(mutation, { maxLength: 4 }),
      (example, mutations) => {
        let bytes = Buffer.from(example);
        for (const { at, removed, piece } of mutations) {
          bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + removed)]);
        }
        isEventOrKnownRejection(bytes);
      },
    ),
    { numRuns: 2000 },
  );
});

test("gives the same result for the same bytes each time", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(...Object.values(examples)), (bytes, example) => {
      const datagram = Buffer.concat([Buffer.from(example), bytes]);
      const first = reading(datagram);
      reading(Buffer.from(bytes));
      assert.deepEqual(reading(datagram), first);
    }),
  );
});

test("can give each reason that is its own to give", () => {
  const one: Record<Exclude<Rejection, "too-large" | "source-not-allowed" | "source-rate-exceeded">, string> = {
    empty: "",
    "not-a-task-event": "/proxy-session/;a;b;c;d;e;f;g",
    "unknown-tag": "/scheduler-task-paused/;a;b;c",
    "unknown-layout": "Test message",
    "too-short": "/scheduler-task-failed/;a;b;c",
    "no-guids": "/scheduler-task-failed/;a;b;c;d;e;f;g;h;i;j",
  };
  for (const [reason, datagram] of Object.entries(one)) {
    assert.equal(rejection(datagram), reason);
  }
});
