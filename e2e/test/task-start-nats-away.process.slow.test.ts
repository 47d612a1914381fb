import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@sense-alerts/test-kit";
import { anyTask, startStartStack } from "../src/start-stack.js";

for (const version of ["4", "5"]) {
  test(`MQTT ${version}: requests that come while NATS is away start their tasks once when it is back, and each is answered`, async (t) => {
    const stack = await startStartStack(t);
    const alerter = await stack.alerter({ ...anyTask, MQTT_PROTOCOL_VERSION: version, MQTT_KEEPALIVE_SECONDS: "1" });
    await stack.nats.stop();
    const tasks = [stack.addTask(), stack.addTask(), stack.addTask()];
    for (const taskId of tasks) await stack.request(JSON.stringify({ taskId, requestId: taskId }));
    const unstored = () => alerter.metric("sensealerts_alerter_start_requests_unstored");
    await eventually(async () => assert.equal(await unstored(), tasks.length));
    const connects = alerter.logs.filter(({ msg }) => msg === "start topic subscribed").length;
    await stack.nats.start();
    await stack.answered(tasks.length, 60_000);
    assert.deepEqual(
      stack.answers().map(({ status }) => status),
      tasks.map(() => "started"),
    );
    assert.deepEqual(tasks.map(stack.startsOf), [1, 1, 1]);
    assert.equal(alerter.logs.filter(({ msg }) => msg === "start topic subscribed").length, connects);
    assert.equal(await unstored(), 0);
  });
}

test("at a stop while NATS is away, what waits is answered as refused", async (t) => {
  const stack = await startStartStack(t);
  const alerter = await stack.alerter();
  await stack.nats.stop();
  const taskId = stack.addTask();
  await stack.request(taskId);
  await eventually(async () => assert.equal(await alerter.metric("sensealerts_alerter_start_requests_unstored"), 1));
  const { code } = await alerter.stop();
  assert.equal(code, 0);
  const [answer] = await stack.answered(1);
  assert.deepEqual([answer?.taskId, answer?.status], [taskId, "refused"]);
  assert.match(answer?.reason ?? "", /^not-stored: /);
});
