import { type EngineEvent, eventId, type TaskEvent, type TaskEventType } from "@sense-alerts/event-contract";
import { findAnchors } from "./anchors.js";
import { isBlank } from "./cleaning.js";
import type { Reading, ReceivedDatagram } from "./datagram.js";
import { type EngineFailure, readEngineFailure } from "./engine.js";
import { splitFields, textOf } from "./fields.js";
import type { Rejection } from "./rejection.js";
import { readTag, tagForLog } from "./tag.js";
import { readTask, type Task } from "./task.js";
import { createTextReader } from "./text.js";
import { createUtcConversion } from "./timezone.js";
import { readUntagged } from "./untagged.js";
import { splitUser } from "./user.js";
import { asUtf8 } from "./utf-16.js";

/**
 * A tagged task datagram has tag, host, two names, user, two ids, time, level, execution and message; one `;` may be
 * missing.
 */
const fewestFieldsOfTask = 10;
/**
 * Audit and log lines of other products, such as host;command;userDirectory;userId of the proxy, have as many fields as
 * L2.
 */
const otherProductsFields = 4;

type DatagramReaderOptions = {
  /** The CloudEvents source of every event. */
  readonly eventSource: string;
  /** The encoding of bytes that are not valid UTF-8; one that `isUsableFallbackEncoding` takes. */
  readonly fallbackEncoding: string;
  /** IANA name of the zone that the Sense server's clock shows; without it `logTimeStampUtc` is null. */
  readonly senseTimezone: string | undefined;
};

/**
 * Gives the function that turns a datagram of a Sense scheduler or engine into an event, or says why it is none. It
 * depends on its argument only, gives the same event for the same bytes, and never throws. The functions that it calls
 * document the layouts and what each field may hold.
 */
export function createDatagramReader(options: DatagramReaderOptions): (datagram: ReceivedDatagram) => Reading {
  const textReader = createTextReader(options.fallbackEncoding);
  const toUtc = createUtcConversion(options.senseTimezone);

  function read(datagram: ReceivedDatagram): Reading {
    const bytes = asUtf8(datagram.bytes);
    const fields = splitFields(bytes, textReader(bytes));
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
        const found = readUntagged(fields);
        if (found === undefined && fields.count === otherProductsFields) return notOurs(firstField);
        if (found === undefined) return rejected("unknown-layout");
        return taskEvent(datagram, "sense.task.failed", found.wireFormat, found.task);
      }
      default:
        return { ok: false, reason: tag.kind, tag: tagForLog(firstField) };
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

/** Four fields of another product. Its first field is a tag if it looks like one. */
function notOurs(firstField: string): Reading {
  const tag = tagForLog(firstField);
  return tag === "" ? rejected("not-a-task-event") : { ok: false, reason: "not-a-task-event", tag };
}

function rejected(reason: Rejection): Reading {
  return { ok: false, reason };
}
