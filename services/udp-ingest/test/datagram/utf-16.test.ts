import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asUtf8 } from "../../src/datagram/utf-16.js";
import { datagramOf, tags, task } from "./arbitrary-task.js";
import { anchors, examples, rejection, taskEvent } from "./examples.js";

/** The text as an appender with `encoding` `utf-16` or `utf-16BE` sends it. */
function utf16(text: string, byteOrder: "little" | "big", byteOrderMark: boolean): Buffer {
  const bytes = Buffer.from(byteOrderMark ? `\ufeff${text}` : text, "utf16le");
  return byteOrder === "little" ? bytes : bytes.swap16();
}

const byteOrder = fc.constantFrom("little" as const, "big" as const);

test("reads a tagged datagram in UTF-16 as in UTF-8, in either byte order, with and without a byte order mark", () => {
  fc.assert(
    fc.property(task, fc.constantFrom(...tags), byteOrder, fc.boolean(), (sent, [tag], order, mark) => {
      const datagram = datagramOf(tag, sent);
      const { data } = taskEvent(datagram);
      assert.deepEqual(taskEvent(utf16(datagram, order, mark)).data, data);
    }),
    { numRuns: 2000 },
  );
});

test("reads an untagged datagram in UTF-16 as in UTF-8, whatever script its host and names are in", () => {
  const word = fc.constantFrom("pro2-win1", "сервер", "日本", "Übersicht", "", "\u3b3b", "\u0100");
  fc.assert(
    fc.property(word, word, word, byteOrder, fc.boolean(), (host, taskName, appName, order, mark) => {
      const datagram = `${host};${taskName};${appName};LAB\\goran;${anchors}Max retries reached`;
      assert.deepEqual(taskEvent(utf16(datagram, order, mark)).data, taskEvent(datagram).data);
    }),
  );
});

test("rejects a datagram in UTF-16 for the reason that it has in UTF-8", () => {
  const datagrams = [
    "",
    " ",
    "/proxy-session/;a",
    "/unknown/;a",
    "Test message",
    "scheduler;a;b;SUCCESS",
    "/scheduler-task-failed/;a",
  ];
  fc.assert(
    fc.property(fc.constantFrom(...datagrams), byteOrder, (datagram, order) => {
      assert.equal(rejection(utf16(datagram, order, true)), rejection(datagram));
      if (datagram.length > 1) assert.equal(rejection(utf16(datagram, order, false)), rejection(datagram));
    }),
  );
});

test("reads UTF-8 with zero bytes in it as UTF-8", () => {
  const zeros = fc.array(fc.nat({ max: 250 }), { maxLength: 12 });
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(examples)), zeros, (example, places) => {
      let datagram = example as string;
      for (const place of places) datagram = `${datagram.slice(0, place)}\0${datagram.slice(place)}`;
      const bytes = Buffer.from(datagram);
      assert.equal(asUtf8(bytes), bytes);
    }),
    { numRuns: 2000 },
  );
});
