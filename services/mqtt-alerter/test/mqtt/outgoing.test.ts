import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as tick } from "node:timers/promises";
import { createOutgoing, type OutgoingOptions } from "../../src/mqtt/outgoing.js";
import { encodePublish } from "../../src/mqtt/publish-packet.js";

function outgoingAt(options: Partial<OutgoingOptions> = {}) {
  const written: Buffer[] = [];
  const outcomes: string[] = [];
  const outgoing = createOutgoing({
    write: (bytes, onWritten) => {
      written.push(bytes);
      onWritten();
    },
    maxInflight: 10,
    pubackMs: 10_000,
    onAnswer: () => {},
    onRoom: () => {},
    meaningOf: (code) => `code ${code}`,
    ...options,
  });
  const send = (topic: string, qos: 0 | 1 | 2 = 1) =>
    outgoing.send(
      encodePublish({ topic, payload: "" }, qos, false, { protocolVersion: 4, messageExpirySeconds: undefined }),
      (error, isHeard) => {
        const failure = error && `${error.code}${error.alone ? " alone" : ""}`;
        outcomes.push(`${topic} ${failure ?? (isHeard ? "heard" : "unheard")}`);
      },
    );
  return { outgoing, written, outcomes, send };
}

/** The identifiers of the QoS 1 packets with a topic of one letter that were written. */
function idsIn(written: readonly Buffer[]): number[] {
  const bytes = Buffer.concat(written);
  return Array.from({ length: bytes.length / 7 }, (_, index) => bytes.readUInt16BE(index * 7 + 5));
}

test("writes what is sent in one tick at once, under identifiers of their own", async () => {
  const { written, send } = outgoingAt();
  for (const topic of ["a", "b", "c"]) send(topic);
  assert.equal(written.length, 0);
  await tick();
  assert.equal(written.length, 1);
  assert.deepEqual(idsIn(written), [1, 2, 3]);
});

test("settles the message whose PUBACK comes, in whatever order", async () => {
  const { outgoing, outcomes, send } = outgoingAt();
  for (const topic of ["a", "b", "c"]) send(topic);
  await tick();
  outgoing.answered("puback", 2, 0);
  outgoing.answered("puback", 3, 0x10);
  outgoing.answered("puback", 1, 0x87);
  assert.deepEqual(outcomes, ["b heard", "c unheard", "a refused"]);
  assert.equal(outgoing.inFlight(), 0);
});

test("takes no notice of an acknowledgement of what was never sent", () => {
  const { outgoing, outcomes } = outgoingAt();
  outgoing.answered("puback", 7, 0);
  outgoing.answered("pubcomp", 7, 0);
  assert.deepEqual(outcomes, []);
});

test("sends a message that waits once there is room", async () => {
  const { outgoing, written, send } = outgoingAt({ maxInflight: 1 });
  send("a");
  send("b");
  await tick();
  assert.deepEqual(idsIn(written), [1]);
  outgoing.answered("puback", 1, 0);
  await tick();
  assert.deepEqual(idsIn(written), [1, 2]);
});

test("goes through both halves of the handshake at QoS 2", async () => {
  const { outgoing, written, outcomes, send } = outgoingAt();
  send("a", 2);
  await tick();
  outgoing.answered("pubrec", 1, 0);
  await tick();
  assert.deepEqual([...(written.at(-1) ?? [])], [0x62, 2, 0, 1]);
  assert.deepEqual(outcomes, []);
  outgoing.answered("pubcomp", 1, 0);
  assert.deepEqual(outcomes, ["a heard"]);
});

test("ends the handshake at QoS 2 when the first half is refused", async () => {
  const { outgoing, outcomes, send } = outgoingAt();
  send("a", 2);
  await tick();
  outgoing.answered("pubrec", 1, 0x97);
  assert.deepEqual(outcomes, ["a refused"]);
  assert.equal(outgoing.inFlight(), 0);
});

test("counts a message at QoS 0 as done when it is written, and not before", async () => {
  let onWritten = () => {};
  const { outgoing, outcomes, send } = outgoingAt({
    write: (_, done) => {
      onWritten = done;
    },
  });
  send("a", 0);
  await tick();
  assert.deepEqual([outcomes, outgoing.inFlight()], [[], 1]);
  onWritten();
  assert.deepEqual([outcomes, outgoing.inFlight()], [["a heard"], 0]);
});

test("rejects all in the order sent when the connection breaks, and then what waits", async () => {
  const { outgoing, outcomes, send } = outgoingAt({ maxInflight: 2 });
  for (const topic of ["a", "b", "c"]) send(topic);
  await tick();
  assert.equal(outgoing.broke(), 2);
  assert.deepEqual(outcomes, ["a offline", "b offline", "c offline"]);
});

test("says of a message that it was alone under way when the connection broke", async () => {
  const { outgoing, outcomes, send } = outgoingAt({ maxInflight: 1 });
  send("a");
  send("b");
  await tick();
  outgoing.broke();
  assert.deepEqual(outcomes, ["a offline alone", "b offline"]);
});

test("writes nothing of a former connection to the next", async () => {
  const { outgoing, written, send } = outgoingAt();
  send("a");
  outgoing.broke();
  outgoing.opened(10);
  await tick();
  assert.deepEqual(written, []);
});

test("gives up a message without a PUBACK, and uses neither its identifier nor its place before that has come", async () => {
  const { outgoing, written, outcomes, send } = outgoingAt({ pubackMs: 0, maxInflight: 65_535 });
  send("a");
  await tick();
  assert.equal(outgoing.sweep(Number.POSITIVE_INFINITY), false);
  assert.deepEqual(outcomes, ["a no-puback"]);
  for (let count = 0; count < 65_535; count++) send("b");
  await tick();
  const ids = idsIn(written).slice(1);
  assert.deepEqual([new Set(ids).size, ids.length, ids.includes(1)], [65_534, 65_534, false]);
  outgoing.answered("puback", 1, 0);
  await tick();
  assert.equal(idsIn(written).at(-1), 1);
  assert.deepEqual(outcomes, ["a no-puback"]);
});

test("says that only a new connection helps when what was given up leaves no room", async () => {
  const { outgoing, send } = outgoingAt({ pubackMs: 0 });
  outgoing.opened(2);
  send("a");
  await tick();
  assert.equal(outgoing.sweep(Number.POSITIVE_INFINITY), false);
  send("b");
  await tick();
  assert.equal(outgoing.sweep(Number.POSITIVE_INFINITY), true);
});

test("says that the broker is hung when it has been silent since a message was sent", async () => {
  const { outgoing, outcomes, send } = outgoingAt({ pubackMs: 0 });
  send("a");
  await tick();
  assert.equal(outgoing.sweep(0), true);
  assert.deepEqual(outcomes, []);
});
