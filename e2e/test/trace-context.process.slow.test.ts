import assert from "node:assert/strict";
import { after, test } from "node:test";
import { eventually, type LogLine, publishNats, type Service, uniqueName } from "@sense-alerts/test-kit";
import { alertOf, newTask, sendAlert } from "../src/alerts.js";
import { startStack } from "../src/stack.js";
import { subscribeNats } from "../src/subscribe-nats.js";

const { nats, subscriber, ingest, alerter, send } = await startStack({ after }, { env: { LOG_LEVEL: "debug" } });
const events = await subscribeNats({ after }, nats.port, "sense.task.failed");
const setAside = await subscribeNats({ after }, nats.port, "sense.rejected");
const letters = await subscribeNats({ after }, nats.port, "sense.dead-letter");

/** The log lines with this message and these fields, once there are so many. */
function lines(service: Service, msg: string, fields: LogLine, count = 1): Promise<LogLine[]> {
  return eventually(() => {
    const found = service.logs.filter((line) =>
      Object.entries({ msg, ...fields }).every(([name, value]) => line[name] === value),
    );
    assert.equal(found.length, count, `${found.length} of ${JSON.stringify({ msg, ...fields })}`);
    return found;
  });
}

test("one trace context is in udp-ingest's log, the NATS header, the event, mqtt-alerter's log and the MQTT user property", async () => {
  const { basic, full, object } = await sendAlert(ingest, subscriber);
  const { eventId } = object;
  const { traceparent = "" } = full.userProperties;
  assert.match(traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.equal(basic.userProperties["traceparent"], traceparent);

  const [message] = events.messages.filter(({ headers }) => headers["Nats-Msg-Id"] === eventId);
  assert.equal(message?.headers["traceparent"], traceparent);
  assert.equal(JSON.parse(message?.payload.toString() ?? "").traceparent, traceparent);

  const [settled] = await lines(ingest, "message settled", { eventId });
  assert.deepEqual(
    [settled?.["traceparent"], settled?.["result"], settled?.["subject"], settled?.["level"]],
    [traceparent, "stored", "sense.task.failed", "debug"],
  );
  const published = await lines(alerter, "message published", { eventId }, 2);
  for (const line of published) assert.equal(line["traceparent"], traceparent);
});

test("a datagram that is sent twice has a trace for each, and the alert has the first", async () => {
  const { taskName, datagram } = newTask();
  await send(datagram);
  const { full, object } = await alertOf(subscriber, taskName);
  await send(datagram);
  const settled = await lines(ingest, "message settled", { eventId: object["eventId"] }, 2);
  assert.deepEqual(
    settled.map(({ result }) => result),
    ["stored", "duplicate"],
  );
  const [first, second] = settled.map(({ traceparent }) => traceparent);
  assert.equal(full.userProperties["traceparent"], first);
  assert.match(String(second), /^00-/);
  assert.notEqual(first, second);
});

test("a rejected datagram has one trace context in the warning, in its copy and in the line that it is stored", async () => {
  const datagram = `/no-such-tag/;${uniqueName("host")}`;
  await send(datagram);
  const copy = await eventually(() => {
    const found = setAside.messages.find(({ payload }) => payload.toString() === datagram);
    return found ?? assert.fail("not there");
  });
  const { traceparent = "" } = copy.headers;
  assert.match(traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  const [warning] = await lines(ingest, "datagram rejected", { traceparent });
  assert.deepEqual([warning?.["level"], warning?.["reason"]], ["warn", "unknown-tag"]);
  const [settled] = await lines(ingest, "message settled", { traceparent });
  assert.deepEqual([settled?.["result"], settled?.["subject"]], ["stored", "sense.rejected"]);
});

test("a dead letter keeps the trace context that its message came with, in its header and in the log", async () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  await publishNats(nats.port, [{ subject: "sense.task.failed", payload: "no event", headers: { traceparent } }]);
  await lines(alerter, "event is a dead letter", { traceparent, reason: "not-json" });
  assert.deepEqual(
    letters.messages.map(({ headers }) => headers["traceparent"]),
    [traceparent],
  );
});
