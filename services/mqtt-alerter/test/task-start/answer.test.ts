import assert from "node:assert/strict";
import { test } from "node:test";
import type { AlertMessage } from "../../src/alerts/alert-messages.js";
import { parseTopic } from "../../src/alerts/topic.js";
import { published } from "../../src/mqtt/publish-result.js";
import { type AnswerOptions, createAnswer } from "../../src/task-start/answer.js";
import { refused } from "../../src/task-start/start-result.js";
import type { StoredRequest } from "../../src/task-start/stored-request.js";

const request: StoredRequest = {
  key: "k",
  requestId: "1",
  taskId: null,
  problem: "empty",
  receivedAt: new Date().toISOString(),
  responseTopic: "planner/answers",
  correlationData: Buffer.from([0, 255]).toString("base64"),
  userProperties: [
    ["a", "1"],
    ["__proto__", "x"],
    ["a", "2"],
    ["bad\u0000", "y"],
  ],
};

function setUp(publish: AnswerOptions["publish"] = async () => published) {
  const sent: AlertMessage[] = [];
  const notSent: [topic: string, givenUp: boolean][] = [];
  const answer = createAnswer({
    startTopic: "start",
    resultTopic: "result",
    ownTopics: [parseTopic("q/{taskName}/failed", ["taskName"])],
    publish: async (message, signal) => {
      const result = await publish(message, signal);
      if (result.kind === "published") sent.push(message);
      return result;
    },
    onNotSent: (_request, topic, givenUp) => notSent.push([topic, givenUp]),
  });
  const send = (changes: Partial<StoredRequest> = {}) =>
    answer({ ...request, ...changes }, refused(request, "empty"), new AbortController().signal);
  return { send, notSent, topics: () => sent.map(({ topic }) => topic), sent };
}

function refusing(topic: string): AnswerOptions["publish"] {
  return async (message) =>
    message.topic === topic ? { kind: "refused", reason: "topic-refused", retryInMs: 1_000 } : published;
}

test("brings back correlation data and every user property that MQTT can carry", async () => {
  const { send, sent } = setUp();
  assert.deepEqual(await send(), { kind: "done" });
  assert.deepEqual(sent[0]?.correlationData, Buffer.from([0, 255]));
  assert.deepEqual(Object.entries(sent[0]?.userProperties ?? {}), [
    ["a", ["1", "2"]],
    ["__proto__", "x"],
  ]);
});

for (const topic of ["start", "q/x/failed", "$SYS/x", "a/#", "", "a\u0000"]) {
  test(`sends no answer to ${JSON.stringify(topic)}`, async () => {
    const { send, topics, notSent } = setUp();
    assert.deepEqual(await send({ responseTopic: topic }), { kind: "done" });
    assert.deepEqual(topics(), ["result"]);
    assert.deepEqual(notSent, [[topic, true]]);
  });
}

test("sends one answer when the response topic is the result topic", async () => {
  const { send, topics } = setUp();
  await send({ responseTopic: "result" });
  assert.deepEqual(topics(), ["result"]);
});

test("a response topic that the broker refuses keeps nobody waiting", async () => {
  const { send, topics, notSent } = setUp(refusing("planner/answers"));
  assert.deepEqual(await send(), { kind: "done" });
  assert.deepEqual(topics(), ["result"]);
  assert.deepEqual(notSent, [["planner/answers", true]]);
});

test("a result topic that the broker refuses is tried again every minute for an hour, and the other topic has its answer once", async () => {
  const { send, topics, notSent } = setUp(refusing("result"));
  assert.deepEqual(await send(), { kind: "later", delayMs: 60_000 });
  assert.deepEqual(await send(), { kind: "later", delayMs: 60_000 });
  assert.deepEqual(topics(), ["planner/answers"]);
  assert.deepEqual(await send({ receivedAt: new Date(Date.now() - 3_600_001).toISOString() }), { kind: "done" });
  assert.deepEqual(notSent.at(-1), ["result", true]);
});

test("gives an answer up at once that the broker will never accept", async () => {
  const { send, notSent } = setUp(async () => ({ kind: "refused", reason: "packet-too-large", retryInMs: undefined }));
  assert.deepEqual(await send(), { kind: "done" });
  assert.deepEqual(
    notSent.map(([, givenUp]) => givenUp),
    [true, true],
  );
});

test("keeps the answer for later when the service stops", async () => {
  const { send, notSent } = setUp(async () => ({ kind: "aborted" }));
  assert.equal((await send()).kind, "later");
  assert.deepEqual(notSent, []);
});
