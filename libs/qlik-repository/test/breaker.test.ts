import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createBreaker, type Leave } from "../src/breaker.js";

function breakerAt(start: { ms: number }) {
  const options = { failures: 3, minPauseMs: 1_000, maxPauseMs: 4_000 };
  return createBreaker(options, { nowMs: () => start.ms, random: () => 1 });
}

function enter(breaker: { enter(): Leave | undefined }): Leave {
  const leave = breaker.enter();
  assert(leave !== undefined, "no request may go out");
  return leave;
}

test("opens after so many failures in a row, and not when a success lies between them", () => {
  const breaker = breakerAt({ ms: 0 });
  const outcomes = [1, 2].map(() => enter(breaker).failed());
  enter(breaker).passed();
  assert.deepEqual([...outcomes, enter(breaker).failed(), enter(breaker).failed()], Array(4).fill(undefined));
  assert.equal(enter(breaker).failed(), 1_000);
  assert.equal(breaker.enter(), undefined);
});

test("lets one probe out after the pause, and doubles the pause up to its limit as long as probes fail", () => {
  const clock = { ms: 0 };
  const breaker = breakerAt(clock);
  for (let failures = 0; failures < 3; failures++) enter(breaker).failed();
  for (const [pauseMs, nextMs] of [
    [1_000, 2_000],
    [2_000, 4_000],
    [4_000, 4_000],
  ] as const) {
    clock.ms += pauseMs - 1;
    assert.equal(breaker.enter(), undefined);
    clock.ms += 1;
    const probe = enter(breaker);
    assert.equal(breaker.enter(), undefined);
    assert.equal(probe.failed(), nextMs);
  }
});

test("closes at the first success, and begins with short pauses again", () => {
  const clock = { ms: 0 };
  const breaker = breakerAt(clock);
  for (let failures = 0; failures < 3; failures++) enter(breaker).failed();
  clock.ms = 1_000;
  enter(breaker).failed();
  clock.ms = 3_000;
  enter(breaker).passed();
  assert.equal(breaker.isOpen(), false);
  assert.deepEqual(
    [enter(breaker).failed(), enter(breaker).failed(), enter(breaker).failed()],
    [undefined, undefined, 1_000],
  );
});

test("is not told anything by requests that went out before it opened, but lets them close it", () => {
  const clock = { ms: 0 };
  const breaker = breakerAt(clock);
  const [early, late] = [enter(breaker), enter(breaker)];
  for (let failures = 0; failures < 3; failures++) enter(breaker).failed();
  clock.ms = 1_000;
  const probe = enter(breaker);
  assert.equal(early.failed(), undefined);
  assert.equal(breaker.enter(), undefined);
  late.passed();
  assert.equal(breaker.isOpen(), false);
  assert.equal(probe.failed(), undefined);
});

test("lets the next probe out when one was dropped", () => {
  const clock = { ms: 0 };
  const breaker = breakerAt(clock);
  for (let failures = 0; failures < 3; failures++) enter(breaker).failed();
  clock.ms = 1_000;
  enter(breaker).dropped();
  enter(breaker).passed();
  assert.equal(breaker.isOpen(), false);
});

test("never has two probes out, and always lets one out in the end", () => {
  const step = fc.tuple(fc.constantFrom("passed", "failed", "dropped"), fc.integer({ min: 0, max: 5_000 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = { ms: 0 };
      const breaker = breakerAt(clock);
      for (const [outcome, ms] of steps) {
        clock.ms += ms;
        const leave = breaker.enter();
        if (leave !== undefined && breaker.isOpen()) assert.equal(breaker.enter(), undefined);
        leave?.[outcome]();
      }
      clock.ms += 4_000;
      assert.notEqual(breaker.enter(), undefined);
    }),
  );
});
