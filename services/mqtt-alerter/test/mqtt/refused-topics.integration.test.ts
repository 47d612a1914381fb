import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  type BrokerBehaviour,
  eventually,
  refuseLargerThan,
  refuseTopics,
  repeatsOnOneConnection,
  type ScriptedBroker,
  startScriptedBroker,
} from "@sense-alerts/test-kit";
import {
  alertMessage,
  type OptionChanges,
  resultOf,
  type StartedPublisher,
  startPublisher,
} from "../fixtures/start-publisher.js";

const full = /^a\/full$/;

async function start(t: TestContext, behaviour: BrokerBehaviour, changes: OptionChanges = {}) {
  const broker = await startScriptedBroker(t, behaviour);
  const publisher = startPublisher(t, broker.url, changes);
  await eventually(() => assert(publisher.online()));
  return { broker, publisher };
}

/** Publishes basic and full in pairs; resolves to the longest time that a basic message took. */
async function slowestBasic(publisher: StartedPublisher, pairs: number, everyMs: number): Promise<number> {
  let slowestMs = 0;
  const basics: Promise<void>[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const startMs = performance.now();
    const basic = resultOf(publisher.publish(alertMessage("a/basic", `basic ${pair}`))).then((result) => {
      assert.equal(result, "published");
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
    });
    basics.push(basic);
    void publisher.publish(alertMessage("a/full", `full ${pair}`, "full"));
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  await Promise.all(basics);
  return slowestMs;
}

function basics({ publishes }: ScriptedBroker) {
  return publishes.filter(({ topic }) => topic === "a/basic");
}

function acceptedTwice({ accepted }: ScriptedBroker): number {
  const texts = accepted.map(({ topic, text }) => `${topic} ${text}`).filter((text) => !text.startsWith("status/"));
  return texts.length - new Set(texts).size;
}

for (const [what, answer] of [
  ["closes the connection", "close"],
  ["sends DISCONNECT 0x87", { disconnect: 0x87 }],
  ["answers 0x87", { puback: 0x87 }],
] as const) {
  test(`delays no other topic when the broker ${what} for one`, async (t) => {
    const { broker, publisher } = await start(t, { onPublish: refuseTopics(full, answer) });
    const slowestMs = await slowestBasic(publisher, 60, 50);
    assert(slowestMs < 2_500, `${slowestMs} ms`);
    assert.deepEqual(
      publisher.refusedTopics().map(({ topic }) => topic),
      ["a/full"],
    );
    assert.equal(publisher.logged("the broker refuses a topic").length, 1);
    assert.deepEqual(repeatsOnOneConnection(basics(broker)), []);
    assert(acceptedTwice(broker) <= 2, String(acceptedTwice(broker)));
  });
}

test("delays no other topic when the broker never acknowledges one", async (t) => {
  const behaviour = { onPublish: refuseTopics(full, "never") };
  const { broker, publisher } = await start(t, behaviour, { pubackTimeoutMs: 1_000, maxInflight: 16 });
  const slowestMs = await slowestBasic(publisher, 80, 50);
  assert(slowestMs < 1_000, `${slowestMs} ms`);
  const [refused] = publisher.refusedTopics();
  assert.equal(refused?.topic, "a/full");
  assert.match(refused?.detail ?? "", /never/);
  assert.equal(broker.connects.length, 1);
  assert.deepEqual(repeatsOnOneConnection(broker.publishes), []);
});

test("gives up a refused topic after its time, tries it now and then, and takes it off the list when it succeeds", async (t) => {
  const { broker, publisher } = await start(
    t,
    { onPublish: refuseTopics(full, { puback: 0x87 }) },
    { refusedAfterMs: 600 },
  );
  const publish = () => resultOf(publisher.publish(alertMessage("a/full", "x", "full")));
  assert.equal(await publish(), "topic-refused");
  await eventually(async () => assert.equal(await publish(), "topic-refused for good"));
  broker.behave({});
  await eventually(async () => assert.equal(await publish(), "published"));
  assert.deepEqual(publisher.refusedTopics(), []);
  assert.equal(publisher.logged("the broker accepts the topic again").length, 1);
});

test("gives up one message that costs the connection while others for its topic are accepted", async (t) => {
  const { publisher } = await start(t, { onPublish: refuseLargerThan(2_000, "close") });
  const large = () => resultOf(publisher.publish(alertMessage("a/full", `large ${"x".repeat(3_000)}`, "full")));
  const results: string[] = [];
  for (let round = 0; results.at(-1) !== "message-refused for good"; round++) {
    assert(round < 50, results.join());
    const [result, small] = await Promise.all([
      large(),
      resultOf(publisher.publish(alertMessage("a/full", `small ${round}`, "full"))),
    ]);
    results.push(result);
    assert.match(small, /published|topic-refused/);
  }
  assert.equal(await resultOf(publisher.publish(alertMessage("a/basic", "x"))), "published");
});

test("renews the connection before messages without an answer take the whole window", async (t) => {
  const behaviour = { onPublish: refuseTopics(/^never\//, "never") };
  const { broker, publisher } = await start(t, behaviour, { pubackTimeoutMs: 300, maxInflight: 8 });
  const stop = new AbortController();
  t.after(() => stop.abort());
  for (const topic of ["never/1", "never/2", "never/3"]) {
    void (async () => {
      for (let index = 0; !stop.signal.aborted; index++) {
        void publisher.publish(alertMessage(topic, String(index)), stop.signal);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
  }
  let slowestMs = 0;
  for (let round = 0; round < 150; round++) {
    const startMs = performance.now();
    assert.equal(await resultOf(publisher.publish(alertMessage("a/basic", `${round}`))), "published");
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert(slowestMs < 1_500, `${slowestMs} ms`);
  assert(broker.connects.length > 1 && broker.connects.length < 10, String(broker.connects.length));
  assert.deepEqual(repeatsOnOneConnection(broker.publishes), []);
});
