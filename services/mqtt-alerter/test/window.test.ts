import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createWindow, type Window } from "../src/window.js";

/** Enters and notes what came of it. */
function enter(window: Window, name: string, notes: string[]): void {
  window.enter({
    admit: () => notes.push(`${name} in`),
    refuse: (error) => notes.push(`${name} sent away: ${error.message}`),
  });
}

test("lets in as many as there is room for, and the next when one leaves", () => {
  const window = createWindow(2);
  const notes: string[] = [];
  for (const name of ["a", "b", "c", "d"]) enter(window, name, notes);
  assert.deepEqual(notes, ["a in", "b in"]);
  window.leave();
  assert.deepEqual(notes, ["a in", "b in", "c in"]);
});

test("lets in those who wait before one who comes later", () => {
  const window = createWindow(1);
  const notes: string[] = [];
  for (const name of ["a", "b", "c"]) enter(window, name, notes);
  window.leave();
  enter(window, "d", notes);
  window.leave();
  window.leave();
  assert.deepEqual(notes, ["a in", "b in", "c in", "d in"]);
});

test("has room again when all have left and nobody waits", () => {
  const window = createWindow(1);
  const notes: string[] = [];
  enter(window, "a", notes);
  window.leave();
  enter(window, "b", notes);
  enter(window, "c", notes);
  assert.deepEqual(notes, ["a in", "b in"]);
});

test("sends away all who wait, in their order, and forgets those inside on a reset", () => {
  const window = createWindow(1);
  const notes: string[] = [];
  for (const name of ["a", "b", "c"]) enter(window, name, notes);
  window.reset(2, new Error("gone"));
  for (const name of ["d", "e", "f"]) enter(window, name, notes);
  assert.deepEqual(notes, ["a in", "b sent away: gone", "c sent away: gone", "d in", "e in"]);
});

test("keeps to the new size after a reset", () => {
  const window = createWindow(5);
  const notes: string[] = [];
  window.reset(1, new Error("gone"));
  for (const name of ["a", "b"]) enter(window, name, notes);
  assert.deepEqual(notes, ["a in"]);
});

test("lets in more when it is widened, twice as many each time, up to a limit", () => {
  const window = createWindow(1);
  const notes: string[] = [];
  for (const name of ["a", "b", "c", "d", "e"]) enter(window, name, notes);
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
      const window = createWindow(firstSize);
      let size = firstSize;
      let inside = 0;
      const waiting: number[] = [];
      const events: string[] = [];
      for (const [index, taken] of steps.entries()) {
        const expected: string[] = [];
        if (taken === "enter") {
          window.enter({
            admit: () => events.push(`${index} in`),
            refuse: () => events.push(`${index} away`),
          });
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
        } else if (taken === "widen") {
          window.widen(5);
          size = Math.min(size * 2, 5);
          const admitted = waiting.splice(0, Math.max(0, size - inside));
          inside += admitted.length;
          expected.push(...admitted.map((waiter) => `${waiter} in`));
        } else {
          window.reset(taken, new Error("gone"));
          expected.push(...waiting.splice(0).map((waiter) => `${waiter} away`));
          inside = 0;
          size = taken;
        }
        assert.deepEqual(events.splice(0), expected);
      }
    }),
  );
});
