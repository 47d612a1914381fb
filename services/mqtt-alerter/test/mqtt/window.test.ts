import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createWindow, type Window } from "../../src/mqtt/window.js";

/** A window of names that notes what comes of each. */
function windowOf(size: number): { window: Window<string>; notes: string[] } {
  const notes: string[] = [];
  const window = createWindow<string>({
    size,
    admit: (name) => notes.push(`${name} in`),
    refuse: (name) => notes.push(`${name} sent away`),
    onRoom: () => notes.push("room"),
  });
  return { window, notes };
}

test("lets in as many as there is room for, and the next when one leaves", () => {
  const { window, notes } = windowOf(2);
  for (const name of ["a", "b", "c", "d"]) window.enter(name);
  assert.deepEqual(notes, ["a in", "b in"]);
  window.leave();
  assert.deepEqual(notes, ["a in", "b in", "c in"]);
});

test("lets in those who wait before one who comes later", () => {
  const { window, notes } = windowOf(1);
  for (const name of ["a", "b", "c"]) window.enter(name);
  window.leave();
  window.enter("d");
  window.leave();
  window.leave();
  assert.deepEqual(notes, ["a in", "b in", "c in", "d in"]);
});

test("has room again when all have left and nobody waits", () => {
  const { window, notes } = windowOf(1);
  window.enter("a");
  window.leave();
  window.enter("b");
  window.enter("c");
  assert.deepEqual(notes, ["a in", "room", "b in"]);
});

test("sends away all who wait, in their order, and forgets those inside on a reset", () => {
  const { window, notes } = windowOf(1);
  for (const name of ["a", "b", "c"]) window.enter(name);
  window.reset(2);
  for (const name of ["d", "e", "f"]) window.enter(name);
  assert.deepEqual(notes, ["a in", "b sent away", "c sent away", "d in", "e in"]);
});

test("keeps to the new size after a reset", () => {
  const { window, notes } = windowOf(5);
  window.reset(1);
  for (const name of ["a", "b"]) window.enter(name);
  assert.deepEqual(notes, ["a in"]);
});

test("lets in more when it is widened, twice as many each time, up to a limit", () => {
  const { window, notes } = windowOf(1);
  for (const name of ["a", "b", "c", "d", "e"]) window.enter(name);
  window.widen(3);
  assert.deepEqual(notes, ["a in", "b in"]);
  window.widen(3);
  window.widen(3);
  assert.deepEqual(notes, ["a in", "b in", "c in"]);
  window.leave();
  assert.deepEqual(notes, ["a in", "b in", "c in", "d in"]);
});

test("never has more inside than its size, lets in by order and leaves nobody waiting while there is room", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant("enter" as const) },
    { weight: 3, arbitrary: fc.constant("leave" as const) },
    { weight: 1, arbitrary: fc.constant("widen" as const) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) },
  );
  return fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), (firstSize, steps) => {
      const { window, notes: events } = windowOf(firstSize);
      let size = firstSize;
      let inside = 0;
      const waiting: number[] = [];
      for (const [index, taken] of steps.entries()) {
        const expected: string[] = [];
        if (taken === "enter") {
          window.enter(String(index));
          if (inside < size) {
            inside++;
            expected.push(`${index} in`);
          } else waiting.push(index);
        } else if (taken === "leave") {
          if (inside === 0) continue;
          window.leave();
          const next = waiting.shift();
          if (next === undefined) inside--;
          else expected.push(`${next} in`);
          if (inside < size) expected.push("room");
        } else if (taken === "widen") {
          window.widen(5);
          if (size === 5) continue;
          size = Math.min(size * 2, 5);
          const admitted = waiting.splice(0, Math.max(0, size - inside));
          inside += admitted.length;
          expected.push(...admitted.map((waiter) => `${waiter} in`));
          if (inside < size) expected.push("room");
        } else {
          window.reset(taken);
          expected.push(...waiting.splice(0).map((waiter) => `${waiter} sent away`));
          inside = 0;
          size = taken;
        }
        assert.deepEqual(events.splice(0), expected);
        assert.equal(window.hasRoom(), inside < size);
      }
    }),
  );
});
