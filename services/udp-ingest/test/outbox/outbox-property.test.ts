import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { answersDealtWith, idsOf, type OutboxToMemory, outboxToMemory, stopClock } from "./outbox-to-memory.js";

type Step =
  | { readonly do: "add"; readonly count: number; readonly payloadBytes: number; readonly tooLarge: boolean }
  | { readonly do: "break off"; readonly storedUnanswered: number }
  | { readonly do: "stall" | "flow" | "wake" | "answer" }
  | { readonly do: "pass"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("add" as const),
      count: fc.integer({ min: 1, max: 400 }),
      payloadBytes: fc.nat({ max: 200 }),
      tooLarge: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
  },
  fc.record({ do: fc.constant("break off" as const), storedUnanswered: fc.nat({ max: 300 }) }),
  fc.record({ do: fc.constantFrom("stall" as const, "flow" as const, "wake" as const, "answer" as const) }),
  fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(1, 499, 500, 5_000) }),
);

const bounds = fc.record({
  maxEvents: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constant(1_000_000)),
  maxBytes: fc.oneof(fc.integer({ min: 1, max: 60_000 }), fc.constant(1_000_000_000)),
});

function settledTwice({ results }: OutboxToMemory): boolean {
  return new Set(results.map(([id]) => id)).size < results.length;
}

test("loses none uncounted and stores in the order of adding, whatever fails and however often", async (t) => {
  stopClock(t);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), bounds, async (steps, limits) => {
      const memory = outboxToMemory(limits);
      const { outbox, stream, results, countOf } = memory;
      let received = 0;

      const check = () => {
        const { events } = outbox.size();
        assert.equal(results.length + events, received);
        assert(!settledTwice(memory));
        assert(events <= limits.maxEvents + 1, `${events} kept of ${limits.maxEvents} that may be`);
        assert(stream.mostOutstanding() <= 256);
        assert.deepEqual(stream.stored, stream.stored.toSorted());
      };

      for (const next of steps) {
        if (next.do === "add") {
          const ids = idsOf(next.count, received + 1);
          if (next.tooLarge) stream.refuse("too-large", ...ids);
          received += next.count;
          memory.add(ids, next.payloadBytes);
        }
        if (next.do === "break off") stream.breakOff(next.storedUnanswered);
        if (next.do === "stall") stream.stall();
        if (next.do === "flow") stream.flow();
        if (next.do === "wake") outbox.wake();
        if (next.do === "pass") t.mock.timers.tick(next.ms);
        if (next.do !== "add") await answersDealtWith();
        check();
      }

      stream.flow();
      await answersDealtWith();
      outbox.wake();
      assert.equal(await outbox.drained(new AbortController().signal), 0);
      check();
      assert.deepEqual(outbox.size(), { events: 0, bytes: 0 });
      const dropped = countOf("dropped-buffer-full") + countOf("dropped-too-large");
      assert.equal(countOf("stored") + countOf("duplicate") + dropped, received);
      // What was stored without an answer may be dropped after all; nothing else is in the stream that is not counted.
      const kept = results.flatMap(([id, result]) => (result.startsWith("dropped") ? [] : [id]));
      const stored = new Set(stream.stored);
      assert(kept.every((id) => stored.has(id)));
    }),
  );
});
