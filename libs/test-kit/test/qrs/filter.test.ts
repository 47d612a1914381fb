import assert from "node:assert/strict";
import { test } from "node:test";
import { FilterError, filtered } from "../../src/qrs/filter.js";

const [a, b] = ["22b106a8-e7ed-4466-b700-014f060bef16", "8f1d1ecf-97a6-4eb5-8f47-f9156300b854"] as const;
const entities = [
  { id: a, name: "it's", executionID: b, status: 7 },
  { id: b, name: "Reload of Sales or HR", executionID: b, status: 8 },
];

for (const [filter, ids] of [
  [`id eq ${a}`, [a]],
  [`id eq ${a.toUpperCase()}`, [a]],
  [`ID eq ${a} or id eq ${b}`, [a, b]],
  [`executionID eq ${b}`, [a, b]],
  [`ExecutionId eq ${b} and status ne 7`, [b]],
  ["name eq 'it''s'", [a]],
  ["name eq 'Reload of Sales or HR'", [b]],
  ["name eq 'x'", []],
  [" ", [a, b]],
] as const) {
  test(`finds by ${filter}`, () => {
    assert.deepEqual(
      filtered(entities, filter).map(({ id }) => id),
      ids,
    );
  });
}

for (const filter of [`id eq '${a}'`, "id eq x", "name eq it's", `id eq ${a} or`, `id ${a}`, `name eq ${a}`]) {
  test(`refuses the filter ${filter}`, () => {
    assert.throws(() => filtered(entities, filter), FilterError);
  });
}
