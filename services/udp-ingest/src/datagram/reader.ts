import { type EngineEvent, eventId, type TaskEvent, type TaskEventType } from "@sense-alerts/event-contract";
import { findAnchors } from "./anchors.js";
import { isBlank } from "./cleaning.js";
import type { Reading, ReceivedDatagram } from "./datagram.js";
import { type EngineFailure, readEngineFailure } from "./engine.js";
import { splitFields, textOf } from "./fields.js";
import type { Rejection } from "./rejection.js";
import { readTag } from "./tag.js";
import { readTask, type Task } from "./task.js";
import { createTextReader } from "./text.js";
import { createUtcConversion } from "./timezone.js";
import { isProxyAudit, readUntagged } from "./untagged.js";
import { splitUser } from "./user.js";

/** A tagged task datagram has tag, host, two names, user, two ids, time, level, execution and message; one `;` may be missing. */
const fewestFieldsOfTask = 10;

type DatagramReaderOptions = {
  /** The CloudEvents source of every event. */
  readonly eventSource: string;
  /** What bytes are read as that are not UTF-8; one that `isUsableFallbackEncoding` takes. */
  readonly fallbackEncoding: string;
  /** IANA name of the zone that the Sense server's clock shows; without it `logTimeStampUtc` is null. */
  readonly senseTimezone: string | undefined;
};

/**
 * Gives the function that turns a datagram of a Sense scheduler or engine into an event, or says why it is none. It
 * looks at nothing but its argument, gives the same event for the same bytes, and throws for none. Which layouts there
 * are, and what each field may hold, is told by the functions that read them.
 */
export function createDatagramReader(options: DatagramReaderOptions): (datagram: ReceivedDatagram) => Reading {
  const textReader = createTextReader(options.fallbackEncoding);
  const toUtc = createUtcConversion(options.senseTimezone);

  function read(datagram: ReceivedDatagram): Reading {
    const fields = splitFields(datagram.bytes, textReader(datagram.bytes));
    const firstField = textOf(fields, 0);
    if (fields.count === 1 && isBlank(firstField)) return rejected("empty");
    const tag = readTag(firstField);
    switch (tag.kind) {
      case "task": {
        const anchors = findAnchors(fields, 1);
        if (anchors === undefined) return rejected(fields.count < fewestFieldsOfTask ? "too-short" : "no-guids");
        return taskEvent(datagram, tag.type, tag.wireFormat, readTask(fields, 1, anchors));
      }
      case "engine": {
        const failure = readEngineFailure(fields);
        return typeof failure === "string" ? rejected(failure) : engineEvent(datagram, failure);
      }
      case "untagged": {
        if (isProxyAudit(fields)) return rejected("not-a-task-event");
        const found = readUntagged(fields);
        if (found === undefined) return rejected("unknown-layout");
        return taskEvent(datagram, "sense.task.failed", found.wireFormat, found.task);
      }
      default:
        return rejected(tag.kind);
    }
  }

  function taskEvent(datagram: ReceivedDatagram, type: TaskEventType, wireFormat: string, task: Task): Reading {
    const { userDirectory, userId } = splitUser(task.user);
    const { rawNames } = task.names;
    const data: TaskEvent["data"] = {
      hostName: task.hostName,
      user: task.user,
      taskName: task.names.taskName,
      taskId: task.taskId,
      appName: task.names.appName,
      appId: task.appId,
      logTimeStamp: task.logTimeStamp,
      logLevel: task.logLevel,
      executionId: task.executionId,
      logMessage: task.logMessage,
      userDirectory,
      userId,
      logTimeStampUtc: toUtc(task.timestamp, datagram.receivedAtMs),
      sourceAddress: datagram.address,
      sourcePort: datagram.port,
      wireFormat,
    };
    return {
      ok: true,
      event: {
        specversion: "1.0",
        id: eventId(type, task.taskId, task.executionId, datagram.bytes),
        source: options.eventSource,
        type,
        time: new Date(datagram.receivedAtMs).toISOString(),
        datacontenttype: "application/json",
        traceparent: datagram.traceparent,
        data: rawNames === undefined ? data : { ...data, ambiguousNames: true, rawNames },
      },
    };
  }

  function engineEvent(datagram: ReceivedDatagram, failure: EngineFailure): Reading {
    const type: EngineEvent["type"] = "sense.engine.reload-failed";
    return {
      ok: true,
      event: {
        specversion: "1.0",
        id: eventId(type, "", "", datagram.bytes),
        source: options.eventSource,
        type,
        time: new Date(datagram.receivedAtMs).toISOString(),
        datacontenttype: "application/json",
        traceparent: datagram.traceparent,
        data: {
          hostName: failure.hostName,
          appId: failure.appId,
          sessionId: failure.sessionId,
          userDirectory: failure.userDirectory,
          userId: failure.userId,
          logTimeStamp: failure.logTimeStamp,
          logLevel: failure.logLevel,
          logMessage: failure.logMessage,
          logTimeStampUtc: toUtc(failure.timestamp, datagram.receivedAtMs),
          sourceAddress: datagram.address,
          sourcePort: datagram.port,
          wireFormat: "E1",
        },
      },
    };
  }

  return read;
}

function rejected(reason: Rejection): Reading {
  return { ok: false, reason };
}
