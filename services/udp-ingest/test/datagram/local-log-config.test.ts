import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { taskEvent } from "./examples.js";

// The file that a Sense administrator installs, and the events that its datagrams become.

const file = new URL("../../../log-appender/LocalLogConfig.xml", import.meta.url);
const xml = readFileSync(file, "utf8");

type Param = { name: string; value: string };
type Filter = { type: string; param: Param[] };
type Layout = { type: string; converter: { param: Param[] }[]; param: Param[] };
type Appender = { name: string; type: string; filter: Filter[]; param: Param[]; layout: Layout[] };
type Logger = { name: string; "appender-ref": { ref: string }[] };

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseAttributeValue: false,
  isArray: (name, _path, _isLeaf, isAttribute) => !isAttribute && name !== "configuration",
});
const { configuration }: { configuration: { appender: Appender[]; logger: Logger[] } } = parser.parse(xml);

const taskSession = "System.Scheduler.Scheduler.Master.Task.TaskSession";
const reloadTask = "System.Scheduler.Scheduler.Slave.Tasks.ReloadTask";

const expected = [
  {
    name: "SenseAlertsTaskFailed",
    logger: taskSession,
    texts: ["Max retries reached", "Failed to start session", "Could not reserve an executor for task"],
    type: "sense.task.failed",
    wireFormat: "S1",
  },
  {
    name: "SenseAlertsTaskAborted",
    logger: taskSession,
    texts: ["Execution State Change to Aborting"],
    type: "sense.task.aborted",
    wireFormat: "S2",
  },
  {
    name: "SenseAlertsTaskSucceeded",
    logger: taskSession,
    texts: ["Execution State Change to FinishedSuccess"],
    type: "sense.task.succeeded",
    wireFormat: "S4",
  },
  {
    name: "SenseAlertsTaskDistributed",
    logger: reloadTask,
    texts: ["Exiting execute of Distribute task request."],
    type: "sense.task.distributed",
    wireFormat: "S5",
  },
] as const;

function appenderOf(name: string): Appender {
  const appender = configuration.appender.find((each) => each.name === name);
  assert.ok(appender, `no appender ${name}`);
  return appender;
}

function valueOfParam(params: Param[], name: string): string {
  const values = params.filter((param) => param.name === name).map((param) => param.value);
  assert.equal(values.length, 1, `${values.length} params ${name}`);
  return values[0] ?? "";
}

/** Prints an event as log4net does. A property that was never set is `(null)`, one set to nothing prints nothing. */
function render(pattern: string, properties: Record<string, string>, message: string): string {
  const values: Record<string, string> = {
    hostname: "pro2-win1",
    date: "2024-04-12 07:33:03,508",
    level: "INFO",
    message,
  };
  return pattern.replace(/%(\w+)(?:\{(\w+)\})?/g, (_, word: string, property: string | undefined) => {
    const value = word === "property" ? (properties[property ?? ""] ?? "(null)") : values[word];
    assert.ok(value !== undefined, `no such conversion: %${word}`);
    return value;
  });
}

test("is well-formed XML with the four appenders and the two loggers, and nothing else", () => {
  assert.equal(XMLValidator.validate(xml), true);
  assert.deepEqual(Object.keys(configuration).sort(), ["appender", "logger"]);
  assert.deepEqual(
    configuration.appender.map((appender) => appender.name),
    expected.map((appender) => appender.name),
  );
  assert.deepEqual(
    configuration.logger.map((logger) => logger.name),
    [taskSession, reloadTask],
  );
});

test("refers to each appender from exactly the logger that writes its lines", () => {
  const references = configuration.logger.flatMap((logger) =>
    logger["appender-ref"].map(({ ref }) => ({ name: ref, logger: logger.name })),
  );
  assert.deepEqual(
    references,
    expected.map(({ name, logger }) => ({ name, logger })),
  );
});

for (const { name, texts, type, wireFormat } of expected) {
  test(`${name} has one filter for each text, and denies all else at the end`, () => {
    const filters = [...appenderOf(name).filter];
    assert.equal(filters.pop()?.type, "log4net.Filter.DenyAllFilter");
    assert.deepEqual(
      filters.map((filter) => ({ type: filter.type, param: filter.param })),
      texts.map((text) => ({
        type: "log4net.Filter.StringMatchFilter",
        param: [{ name: "stringToMatch", value: text }],
      })),
    );
  });

  test(`${name} sends UTF-8 to port 9998 of the place to be edited`, () => {
    const { type, param } = appenderOf(name);
    assert.equal(type, "log4net.Appender.UdpAppender");
    assert.deepEqual(
      param.map((each) => [each.name, each.value]),
      [
        ["remoteAddress", "sense-alerts.example.com"],
        ["remotePort", "9998"],
        ["encoding", "utf-8"],
      ],
    );
  });

  test(`${name} prints datagrams that are read as ${type}, field by field`, () => {
    const [layout, ...others] = appenderOf(name).layout;
    assert.ok(layout && others.length === 0);
    assert.equal(layout.type, "log4net.Layout.PatternLayout");
    assert.deepEqual(
      layout.converter.map(({ param }) => [valueOfParam(param, "name"), valueOfParam(param, "type")]),
      [["hostname", "Qlik.Sense.Logging.log4net.Layout.Pattern.HostNamePatternConverter"]],
    );
    const pattern = valueOfParam(layout.param, "conversionpattern");
    const properties = {
      TaskName: "Reload försäljning 🤪",
      AppName: "Försäljning",
      User: "LAB\\goran",
      TaskId: "22b106a8-e7ed-4466-b700-014f060bef16",
      AppId: "8f1d1ecf-97a6-4eb5-8f47-f9156300b854",
      ExecutionId: "c073f112-4318-4d1f-ae82-14492aa0c35f",
    };
    for (const text of texts) {
      const message = `${text}System.TimeoutException: no answer; retry\r\n   at Scheduler.Run()`;
      const full = taskEvent(render(pattern, properties, message));
      assert.equal(full.type, type);
      assert.deepEqual(full.data, {
        hostName: "pro2-win1",
        user: "LAB\\goran",
        taskName: properties.TaskName,
        taskId: properties.TaskId,
        appName: properties.AppName,
        appId: properties.AppId,
        logTimeStamp: "2024-04-12 07:33:03,508",
        logLevel: "INFO",
        executionId: properties.ExecutionId,
        logMessage: message,
        userDirectory: "LAB",
        userId: "goran",
        logTimeStampUtc: null,
        sourceAddress: "192.0.2.17",
        sourcePort: 51234,
        wireFormat,
      });
    }
    const { AppName: _name, AppId: _id, ...neverSet } = properties;
    for (const appless of [neverSet, { ...properties, AppName: "", AppId: "" }]) {
      const { data } = taskEvent(render(pattern, appless, texts[0]));
      assert.deepEqual([data.appName, data.appId, data.taskName], ["", "", properties.TaskName]);
    }
    const bare = taskEvent(render(pattern, {}, texts[0])).data;
    assert.deepEqual([bare.taskName, bare.appName, bare.user, bare.userId], ["", "", "", ""]);
    assert.deepEqual([bare.taskId, bare.appId, bare.executionId], ["", "", ""]);
    assert.deepEqual([bare.hostName, bare.logLevel, bare.logMessage], ["pro2-win1", "INFO", texts[0]]);
  });
}
