import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { startService } from "@sense-alerts/test-kit";
import { allDelivered, atRest, createSender, executionsOn, fullTopic, report, short } from "../src/drill.js";
import { startServers } from "../src/stack.js";

test("alerters killed at any moment lose nothing, and repeat no more than was in flight", async (t) => {
  const { nats, subscriber, env } = await startServers(t);
  const ingest = await startService(t, "udp-ingest", env, { waitFor: "ready" });
  const sender = createSender([await ingest.udpPort()]);
  const alerterEnv = { ...env, MQTT_MAX_INFLIGHT: "64" };
  const count = short(2_000, 10_000);
  const sending = sender.send(count, 1_000);
  let kills = 0;
  let alerter = await startService(t, "mqtt-alerter", alerterEnv, { waitFor: "ready" });
  for (let done = 0; done < count * 0.8; kills++) {
    const target = done + count / short(5, 24);
    while (executionsOn(subscriber, fullTopic).length < target) await wait(1);
    await alerter.stop("SIGKILL");
    done = executionsOn(subscriber, fullTopic).length;
    alerter = await startService(t, "mqtt-alerter", alerterEnv, { waitFor: "ready" });
  }
  await sending;
  const figures = await allDelivered(subscriber, sender.sent);
  await atRest(nats, [ingest], [alerter]);
  assert.ok(figures.repeats <= kills * 64 * 2, `${figures.repeats} repeats after ${kills} kills`);
  report(t, { ...figures, kills });
});
