import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, refuseMqtt5, refuseTopics, refuseWill, startScriptedBroker } from "@sense-alerts/test-kit";
import { alertMessage, resultOf, startPublisher, statusTopic } from "../fixtures/start-publisher.js";

for (const [what, reasonCode, result] of [
  ["success", 0x00, "published"],
  ["no matching subscribers", 0x10, "published"],
  ["unspecified error", 0x80, "broker-error"],
  ["not authorized", 0x87, "topic-refused"],
  ["topic name invalid", 0x90, "topic-name-invalid for good"],
  ["quota exceeded", 0x97, "broker-error"],
  ["payload format invalid", 0x99, "payload-format-invalid for good"],
] as const) {
  test(`takes the PUBACK "${what}" for ${result}`, async (t) => {
    const broker = await startScriptedBroker(t, { onPublish: refuseTopics(/^a\/b$/, { puback: reasonCode }) });
    const publisher = startPublisher(t, broker.url);
    assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), result);
    assert.equal(publisher.inFlight(), 0);
    const code = `0x${reasonCode.toString(16).padStart(2, "0")}`;
    assert.deepEqual(publisher.answers, [`status ${statusTopic} 0x00`, `basic a/b ${code}`]);
    assert.deepEqual(publisher.troubles(), []);
  });
}

test("waits for a late PUBACK and does not take it for that of another message", async (t) => {
  const broker = await startScriptedBroker(t, { onPublish: ({ text }) => (text === "late" ? "never" : undefined) });
  const publisher = startPublisher(t, broker.url, { pubackTimeoutMs: 300 });
  const late = resultOf(publisher.publish(alertMessage("a/late", "late")));
  await eventually(() => assert.equal(broker.publishes.length, 2));
  assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "next"))), "published");
  await eventually(() => assert.equal(publisher.refusedTopics()[0]?.topic, "a/late"));
  const [, publish] = broker.publishes;
  assert(publish);
  broker.puback(publish);
  assert.equal(await late, "published");
  assert.deepEqual(publisher.refusedTopics(), []);
  assert.equal(broker.publishes.filter(({ text }) => text === "late").length, 1);
});

test("tries until a broker that is busy accepts the connection", async (t) => {
  let attempts = 0;
  const broker = await startScriptedBroker(t, { onConnect: () => (++attempts <= 3 ? { connack: 0x89 } : undefined) });
  const publisher = startPublisher(t, broker.url);
  await eventually(() => assert(publisher.online()));
  assert.equal(broker.connects.length, 4);
  assert.deepEqual(publisher.troubles(), ["the broker is busy"]);
});

for (const answer of [{ connack: 0x84 }, "close", "never"] as const) {
  test(`uses MQTT 3.1.1 with a broker that answers MQTT 5 with ${JSON.stringify(answer)}, and remembers it`, async (t) => {
    const broker = await startScriptedBroker(t, { onConnect: refuseMqtt5(answer) });
    const publisher = startPublisher(t, broker.url, { protocolVersion: "auto", timing: { connackMs: 300 } });
    assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), "published");
    assert.equal(publisher.protocolVersion(), 4);
    assert.equal(publisher.logged("connected to the broker")[0]?.["mqtt"], "3.1.1");
    broker.cut();
    await eventually(() => assert.equal(publisher.logged("connected to the broker").length, 2));
    assert.deepEqual(
      broker.connects.map(({ protocolVersion }) => protocolVersion),
      [5, 4, 4],
    );
  });
}

test("uses MQTT 3.1.1 with a broker whose PUBACKs are no valid MQTT 5", async (t) => {
  const broker = await startScriptedBroker(t, {
    onPublish: ({ topic }) => (topic === statusTopic ? undefined : "malformed-puback"),
  });
  const publisher = startPublisher(t, broker.url, { protocolVersion: "auto" });
  const results = ["1", "2", "3", "4", "5"].map((text) => resultOf(publisher.publish(alertMessage("a/b", text))));
  assert.deepEqual(new Set(await Promise.all(results)), new Set(["published"]));
  assert.equal(publisher.protocolVersion(), 4);
});

test("does not leave MQTT 5 because of an outage once the broker has accepted it", async (t) => {
  const broker = await startScriptedBroker(t);
  const publisher = startPublisher(t, broker.url, { protocolVersion: "auto" });
  await eventually(() => assert(publisher.online()));
  broker.behave({ onConnect: () => "close" });
  broker.cut();
  await eventually(() => assert(broker.connects.length > 4));
  broker.behave({});
  await eventually(() => assert.equal(publisher.protocolVersion(), 5));
});

for (const answer of [{ connack: 0x87 }, { connack: 0x9a }, { connack: 0x9b }, "close"] as const) {
  for (const protocolVersion of [5, 4, "auto"] as const) {
    // MQTT 3.1.1 has no return code for the last will.
    if (protocolVersion === 4 && typeof answer === "object" && answer.connack > 0x87) continue;
    test(`works without a last will that the broker answers with ${JSON.stringify(answer)} (${protocolVersion})`, async (t) => {
      const broker = await startScriptedBroker(t, { onConnect: refuseWill(answer) });
      const publisher = startPublisher(t, broker.url, { protocolVersion });
      assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), "published");
      assert(broker.connects.length <= 5, String(broker.connects.length));
      assert.equal(publisher.logged("the broker refuses the status; alerts are published without it").length, 1);
      assert.deepEqual(publisher.troubles(), []);
      await publisher.close();
      assert.deepEqual(
        broker.publishes.map(({ topic }) => topic),
        ["a/b"],
      );
    });
  }
}

for (const answer of ["close", { disconnect: 0x87 }, { puback: 0x87 }] as const) {
  test(`works without a status that the broker answers with ${JSON.stringify(answer)}, and tries it again later`, async (t) => {
    const broker = await startScriptedBroker(t, { onPublish: refuseTopics(/^status/, answer) });
    const publisher = startPublisher(t, broker.url, { timing: { statusRetryMs: 1_000 } });
    assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), "published");
    assert.equal(publisher.logged("the broker refuses the status; alerts are published without it").length, 1);
    const before = broker.publishes.filter(({ topic }) => topic === statusTopic).length;
    assert.equal(before, 1);
    broker.behave({});
    await eventually(async () => {
      broker.cut();
      await eventually(() => assert(publisher.online()));
      await publisher.publish(alertMessage("a/b", "y"));
      assert(broker.accepted.some(({ topic }) => topic === statusTopic));
    });
  });
}

test("has neither status nor last will without a status topic, and no expiry on the status", async (t) => {
  const broker = await startScriptedBroker(t);
  const publisher = startPublisher(t, broker.url, { statusTopic: undefined });
  assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), "published");
  await publisher.close();
  assert.equal(broker.connects[0]?.will, undefined);
  assert.deepEqual(
    broker.publishes.map(({ topic }) => topic),
    ["a/b"],
  );
});

test("removes the retained status when it stops, if that is set", async (t) => {
  const broker = await startScriptedBroker(t);
  const publisher = startPublisher(t, broker.url, { statusOnStop: "clear" });
  await eventually(() => assert.equal(publisher.answers.length, 1));
  await publisher.close();
  assert.deepEqual(
    broker.publishes.map(({ text, retain }) => [text, retain]),
    [
      ["online", true],
      ["", true],
    ],
  );
});

test("makes a new connection when the broker sends what is no MQTT", async (t) => {
  const broker = await startScriptedBroker(t);
  const publisher = startPublisher(t, broker.url);
  await eventually(() => assert(publisher.online()));
  broker.send(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await eventually(() => assert.equal(publisher.logged("connected to the broker").length, 2));
  assert.match(publisher.troubles()[0] ?? "", /invalid packet/);
});

test("tries the brokers in turn", async (t) => {
  const [away, broker] = [
    await startScriptedBroker(t, { onConnect: () => ({ connack: 0x88 }) }),
    await startScriptedBroker(t),
  ];
  const brokers = [away, broker].map(({ url }) => ({ url, username: undefined, password: undefined }));
  const [first, ...others] = brokers;
  assert(first);
  const publisher = startPublisher(t, broker.url, { brokers: [first, ...others] });
  assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), "published");
  assert.equal(away.connects.length, 1);
});

test("is closed in time when the broker does not answer", async (t) => {
  const broker = await startScriptedBroker(t, { onPublish: ({ text }) => (text === "online" ? undefined : "never") });
  for (const [hurry, goodbyeMs] of [
    [undefined, 300],
    [AbortSignal.timeout(50), 60_000],
  ] as const) {
    const publisher = startPublisher(t, broker.url, { timing: { goodbyeMs } });
    await eventually(() => assert(publisher.online()));
    const results = ["1", "2", "3"].map((text) => resultOf(publisher.publish(alertMessage("a/b", text))));
    const startMs = performance.now();
    await publisher.close(hurry);
    assert(performance.now() - startMs < 1_300);
    assert.deepEqual(await Promise.all(results), ["aborted", "aborted", "aborted"]);
    await eventually(() => assert.equal(broker.connections(), 0));
  }
});

test("gives up a message when its signal aborts", async (t) => {
  const broker = await startScriptedBroker(t, { onPublish: refuseTopics(/^a\//, "never") });
  const publisher = startPublisher(t, broker.url, { maxInflight: 1 });
  const stop = new AbortController();
  const results = ["1", "2"].map((text) => resultOf(publisher.publish(alertMessage("a/b", text), stop.signal)));
  await eventually(() => assert.equal(publisher.inFlight(), 1));
  stop.abort();
  assert.deepEqual(await Promise.all(results), ["aborted", "aborted"]);
  assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "3"), stop.signal)), "aborted");
});

test("settles every message once, however often the connection is cut", async (t) => {
  const broker = await startScriptedBroker(t);
  const publisher = startPublisher(t, broker.url, { maxInflight: 8, timing: { firstRetryMs: 1, longestRetryMs: 5 } });
  const results: Promise<string>[] = [];
  for (let round = 1; round <= 40; round++) {
    for (let index = 0; index < 20; index++) {
      results.push(resultOf(publisher.publish(alertMessage(`a/${index % 3}`, `${round}.${index}`))));
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    broker.cut();
  }
  const settled = await Promise.all(results);
  assert.deepEqual(new Set(settled.filter((result) => result !== "topic-refused")), new Set(["published"]));
  assert.equal(publisher.inFlight(), 0);
});
