import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, mostConnectsPerMinute, refuseTopics, startScriptedBroker } from "@sense-alerts/test-kit";
import { alertMessage, resultOf, startPublisher } from "../fixtures/start-publisher.js";

test("connects 20 times a minute at most while a topic costs the connection each time", async (t) => {
  const broker = await startScriptedBroker(t, { onPublish: refuseTopics(/^refused\//, "close") });
  const publisher = startPublisher(t, broker.url, { timing: { burst: 4, attemptEveryMs: 3_750 } });
  await eventually(() => assert(publisher.online()));
  const startMs = performance.now();
  let slowestMs = 0;
  const basics: Promise<void>[] = [];
  for (let round = 0; performance.now() - startMs < 15_000; round++) {
    void publisher.publish(alertMessage(`refused/${round}`, "x"));
    const sentMs = performance.now();
    basics.push(
      resultOf(publisher.publish(alertMessage("a/basic", `${round}`))).then((result) => {
        assert.equal(result, "published");
        slowestMs = Math.max(slowestMs, performance.now() - sentMs);
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  await Promise.all(basics);
  assert(slowestMs < 10_000, `${slowestMs} ms`);
  assert(mostConnectsPerMinute(broker.connects) <= 20, `${mostConnectsPerMinute(broker.connects)} connects`);
});

test("sends each message once over a slow link that answers late", async (t) => {
  const broker = await startScriptedBroker(t, { link: { bytesPerSecond: 16_000, answerAfterMs: 1_500 } });
  const timing = { connackMs: 5_000 };
  const publisher = startPublisher(t, broker.url, { pubackTimeoutMs: 2_500, keepaliveSeconds: 2, timing });
  await eventually(() => assert(publisher.online()));
  const payloads = Array.from({ length: 500 }, (_, index) => `alert ${index} ${"x".repeat(100)}`);
  const results = await Promise.all(
    payloads.map((payload) => resultOf(publisher.publish(alertMessage("a/basic", payload)))),
  );
  assert.deepEqual(new Set(results), new Set(["published"]));
  assert.equal(broker.connects.length, 1);
  assert.deepEqual(
    broker.publishes.filter(({ topic }) => topic === "a/basic").map(({ text }) => text),
    payloads,
  );
});
