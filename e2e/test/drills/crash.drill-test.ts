import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { isSoak, report, short } from "../../src/drill.js";
import { type CrashRound, type CrashRoundOptions, crashRound } from "../../src/drills/crash-round.js";

const { ROUNDS } = process.env;

async function crashRounds(t: TestContext, rounds: number, options: CrashRoundOptions): Promise<void> {
  const results: CrashRound[] = [];
  for (let round = 1; round <= rounds; round++) {
    await t.test(`round ${round}`, async (round) => {
      const result = await crashRound(round, options);
      results.push(result);
      round.diagnostic(JSON.stringify(result));
      const { recoveryMs, ...outcome } = result;
      assert.deepEqual(outcome, { sent: options.events, delivered: options.events, repeats: 0, unacknowledged: 0 });
    });
  }
  const sum = (name: keyof CrashRound) => results.reduce((total, result) => total + result[name], 0);
  const stopped = results.filter(({ sent, delivered }) => delivered < sent).length;
  const slowestRecoveryMs = Math.max(...results.map(({ recoveryMs }) => recoveryMs));
  const figures = { sent: sum("sent"), delivered: sum("delivered"), repeats: sum("repeats") };
  report(t, { ...figures, rounds, stopped, slowestRecoveryMs });
}

test("NATS killed three times within seconds while an alerter works off 4,000 events: each is alerted once", async (t) => {
  await crashRounds(t, Number(ROUNDS ?? short(2, 20)), { events: 4_000, maxInFlight: 32 });
});

const long = { skip: isSoak ? false : "takes minutes: in the long forms only" };
test("the same with 20,000 events and 256 in flight", long, async (t) => {
  await crashRounds(t, Number(ROUNDS ?? 4), { events: 20_000, maxInFlight: 256 });
});
