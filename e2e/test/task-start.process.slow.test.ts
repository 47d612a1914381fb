import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { eventually, publishMqtt } from "@sense-alerts/test-kit";
import { startStartStack, startTopic } from "../src/start-stack.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const stack = await startStartStack(file);
const alerter = await stack.alerter();

/** The answer that comes to what is sent now. */
async function ask(...request: Parameters<typeof stack.request>) {
  const before = stack.answers().length;
  await stack.request(...request);
  return (await stack.answered(before + 1))[before];
}

test("the first request after the start starts its task, by the bare GUID that Butler takes", async () => {
  const taskId = stack.addTask();
  const answer = await ask(taskId);
  assert.equal(answer?.status, "started");
  assert.equal(answer?.taskId, taskId);
  assert.equal(answer?.reason, null);
  assert.deepEqual(stack.qrs.starts, [{ taskId, sessionId: answer?.sessionId }]);
  assert.deepEqual(Object.keys(JSON.parse(answer?.message.text ?? "")), [
    "requestId",
    "taskId",
    "status",
    "sessionId",
    "reason",
  ]);
});

for (const [what, write] of [
  ["with blanks around it", (id: string) => `  ${id}\r\n`],
  ["in braces and capitals", (id: string) => `{${id.toUpperCase()}}`],
  ["in JSON", (id: string) => JSON.stringify({ taskId: id })],
] as const) {
  test(`takes a task id ${what}`, async () => {
    const taskId = stack.addTask();
    assert.equal((await ask(write(taskId)))?.status, "started");
    assert.equal(stack.startsOf(taskId), 1);
  });
}

test("answers to the response topic and the result topic, with correlation data and user properties", async () => {
  const taskId = stack.addTask();
  const responseTopic = "my/answers";
  const userProperties = { who: "Åsa", system: "planner" };
  await ask(JSON.stringify({ taskId, requestId: "r-1" }), { responseTopic, correlationData: "c-1", userProperties });
  await eventually(() => assert.equal(stack.answers(responseTopic).length, 1));
  for (const answer of [stack.answers(responseTopic)[0], stack.answers().at(-1)]) {
    assert.equal(answer?.requestId, "r-1");
    assert.equal(answer?.status, "started");
    assert.equal(answer?.message.correlationData, "c-1");
    assert.deepEqual(answer?.message.userProperties, userProperties);
    assert.equal(answer?.message.contentType, "application/json");
    assert.deepEqual([answer?.message.qos, answer?.message.retain], [1, false]);
  }
  const line = alerter.logs.find(({ msg, requestId }) => msg === "start request answered" && requestId === "r-1");
  assert.deepEqual(line?.["sentAlong"], Object.entries(userProperties));
  assert.deepEqual([line?.["responseTopic"], line?.["correlationBytes"]], [responseTopic, 3]);
});

test("one requestId is one request, however often it is sent, and each time it is answered alike", async () => {
  const taskId = stack.addTask();
  const payload = JSON.stringify({ taskId, requestId: randomUUID() });
  const first = await ask(payload);
  await stack.request(payload);
  await stack.request(payload);
  // Beyond the duplicate window of the stream.
  await new Promise((resolve) => setTimeout(resolve, 5_500));
  const again = await ask(payload);
  assert.deepEqual({ ...again, message: 0 }, { ...first, message: 0 });
  assert.equal(stack.startsOf(taskId), 1);
});

test("the same bare GUID starts its task once within 5 seconds, and again after that", async () => {
  const taskId = stack.addTask();
  await ask(taskId);
  await stack.request(taskId);
  await new Promise((resolve) => setTimeout(resolve, 5_500));
  assert.equal(stack.startsOf(taskId), 1);
  await ask(taskId);
  assert.equal(stack.startsOf(taskId), 2);
});

for (const [payload, reason] of [
  ["reload of sales", /^not-a-guid: /],
  ["", /^empty: /],
  ['{"taskId":', /^bad-json: /],
  ['{"taskId":"no guid"}', /^not-a-guid: /],
  [JSON.stringify({ taskId: randomUUID(), requestId: "a\nb" }), /^bad-request-id: /],
  ["x".repeat(1_025), /^too-long: /],
] as const) {
  test(`refuses ${JSON.stringify(payload.slice(0, 20))} and says why`, async () => {
    const before = stack.qrs.starts.length;
    const answer = await ask(payload);
    assert.equal(answer?.status, "refused");
    assert.match(answer?.reason ?? "", reason);
    assert.equal(stack.qrs.starts.length, before);
  });
}

test("sends no answer to its own topics", async () => {
  for (const responseTopic of [startTopic, "qliksense/task_failure"]) {
    const taskId = stack.addTask();
    assert.equal((await ask(taskId, { responseTopic }))?.status, "started");
    assert.equal(stack.answers("qliksense/task_failure").length, 0);
  }
});

test("a task that does not exist, and one that QRS does not start, are told", async () => {
  const missing = await ask(randomUUID());
  assert.match(missing?.reason ?? "", /^no-such-task: /);
  const disabled = stack.qrs.addTask({ name: "disabled", enabled: false }).id;
  const answer = await ask(disabled);
  assert.equal(answer?.status, "failed");
  assert.match(answer?.reason ?? "", /^qrs-refused: /);
});

test("a retained request is not carried out at a reconnect or by the next alerter", async () => {
  const taskId = stack.addTask();
  await publishMqtt({ port: stack.broker.port, topic: startTopic, payload: taskId, retain: true });
  await stack.answered(1);
  await eventually(() => assert.equal(stack.startsOf(taskId), 1, "once, since it was sent while somebody listened"));
  await new Promise((resolve) => setTimeout(resolve, 5_500));
  for (const version of ["4", "5"]) {
    const other = await stack.alerter({ TASK_START_ALLOW_ANY: "true", MQTT_PROTOCOL_VERSION: version });
    if (version === "4") {
      await eventually(() => assert.ok(other.logs.some(({ reason }) => reason === "retained")));
    }
    await other.stop();
  }
  assert.equal(stack.startsOf(taskId), 1);
  await publishMqtt({ port: stack.broker.port, topic: startTopic, payload: "", retain: true });
});
