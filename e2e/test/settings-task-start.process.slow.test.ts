import assert from "node:assert/strict";
import { after, type TestContext, test } from "node:test";
import { type Environment, eventually, publishMqtt } from "@sense-alerts/test-kit";
import { anyTask, resultTopic, startStartStack, startTopic } from "../src/start-stack.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const stack = await startStartStack(file, { broker: { config: "log_type all" } });
const property = { name: "StartByMqtt", value: "yes" };
const tasks = {
  plain: stack.addTask(),
  tagged: stack.addTask({ tags: ["mqtt start", "other"] }),
  withProperty: stack.addTask({ customProperties: [property] }),
  otherValue: stack.addTask({ customProperties: [{ ...property, value: "no" }] }),
};

async function askAll(t: TestContext, own: Environment): Promise<string[]> {
  const alerter = await stack.alerter(own);
  t.after(() => alerter.stop());
  for (const taskId of Object.values(tasks)) {
    const before = stack.answers().length;
    const requestId = `${t.name}:${taskId}`.slice(-120);
    await stack.request(JSON.stringify({ taskId, requestId }));
    await stack.answered(before + 1);
  }
  return Object.entries(tasks).flatMap(([name, taskId]) => {
    const answer = stack.answers().findLast((one) => one.taskId === taskId);
    if (answer?.status === "started") return [name];
    assert.match(answer?.reason ?? "", /^(nothing|not)-allowed: /);
    return [];
  });
}

for (const [what, own, allowed] of [
  ["TASK_START_ALLOWED_IDS", { TASK_START_ALLOWED_IDS: tasks.plain.toUpperCase() }, ["plain"]],
  ["TASK_START_ALLOWED_TAGS", { TASK_START_ALLOWED_TAGS: "x, mqtt start" }, ["tagged"]],
  [
    "TASK_START_ALLOWED_CUSTOM_PROPERTIES",
    { TASK_START_ALLOWED_CUSTOM_PROPERTIES: "a=b,StartByMqtt=yes" },
    ["withProperty"],
  ],
  [
    "any of several lists",
    { TASK_START_ALLOWED_IDS: tasks.otherValue, TASK_START_ALLOWED_TAGS: "other" },
    ["tagged", "otherValue"],
  ],
  ["TASK_START_ALLOW_ANY", anyTask, Object.keys(tasks)],
] as const) {
  test(`${what} says which tasks may be started; the others never reach the start call`, async (t) => {
    const before = stack.qrs.count(/POST/);
    assert.deepEqual(await askAll(t, own), allowed);
    assert.equal(stack.qrs.count(/POST/) - before, allowed.length);
  });
}

test("with no list nothing is started, QRS is not asked, and the service says so at start", async (t) => {
  const before = stack.qrs.count(/POST|id%20eq/);
  assert.deepEqual(await askAll(t, {}), []);
  assert.equal(stack.qrs.count(/POST|id%20eq/), before);
  const warned = await stack.alerter({});
  assert.ok(warned.logs.some(({ level, msg }) => level === "warn" && /^no task may be started/.test(String(msg))));
  await warned.stop();
});

test("an allow-list by tag follows what changes in the QMC", async (t) => {
  const alerter = await stack.alerter({ TASK_START_ALLOWED_TAGS: "new tag" });
  t.after(() => alerter.stop());
  const before = stack.answers().length;
  const request = (requestId: string) => stack.request(JSON.stringify({ taskId: tasks.plain, requestId }));
  await request("before the change");
  assert.equal((await stack.answered(before + 1)).at(-1)?.status, "refused");
  const entity = stack.qrs.tasks().find(({ id }) => id === tasks.plain);
  Object.assign(entity ?? {}, { tags: [{ id: "1", name: "new tag", privileges: null }] });
  await request("after the change");
  assert.equal((await stack.answered(before + 2)).at(-1)?.status, "started");
});

test("TASK_START_TOPIC and TASK_START_RESULT_TOPIC are where they are set to, under SUBSCRIPTION_ROOT_TOPIC", async (t) => {
  const own = {
    ...anyTask,
    SUBSCRIPTION_ROOT_TOPIC: "acme/+/#",
    TASK_START_TOPIC: "acme/qlik/start now",
    TASK_START_RESULT_TOPIC: "acme/done",
  };
  const alerter = await stack.alerter(own);
  t.after(() => alerter.stop());
  const port = stack.broker.port;
  await publishMqtt({ port, topic: startTopic, payload: tasks.plain });
  await publishMqtt({ port, topic: "acme/qlik/start now", payload: tasks.plain });
  await eventually(() => assert.equal(stack.answers("acme/done").length, 1));
  assert.equal(await alerter.metric("sensealerts_alerter_start_requests_total", { outcome: "started" }), 1);
});

test("only the start topic is subscribed to; with TASK_START_ENABLE=false nothing is, and no stream is made", async (t) => {
  const own = await startStartStack(t, { broker: { config: "log_type all" } });
  const off = await own.alerter({ ...anyTask, TASK_START_ENABLE: "false" });
  assert.equal(await own.nats.stream("SENSE_REQUESTS"), undefined);
  const clientIds = () =>
    Array.from(own.broker.log().matchAll(/Received SUBSCRIBE from (mqtt-alerter\S*)/g), ([, clientId]) => clientId);
  assert.deepEqual(clientIds(), []);
  await off.stop();
  await own.alerter();
  assert.ok(await own.nats.stream("SENSE_REQUESTS"));
  const filters = Array.from(own.broker.log().matchAll(/^\d+: \t(\S+) \(QoS \d\)$/gm), ([, filter = ""]) => filter);
  const ours = filters.filter((filter) => filter.includes("start_task"));
  assert.deepEqual(ours, [`$share/mqtt-alerter/${startTopic}`, startTopic]);
  assert.ok(!filters.includes("qliksense/#"));
  assert.notEqual(startTopic, resultTopic);
});
