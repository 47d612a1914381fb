import assert from "node:assert/strict";
import { test } from "node:test";
import { hasQuorum } from "../../src/connection/look.js";

const replica = (name: string, facts: { active?: number; offline?: boolean } = {}) => {
  return { name, current: true, offline: false, active: 100_000_000, lag: 0, ...facts };
};
const silent = { active: 6_000_000_000 };

for (const [what, cluster, expected] of [
  ["a server without a cluster", undefined, true],
  ["one copy in a cluster", { name: "c", leader: "n0", replicas: [] }, true],
  ["three copies", { name: "c", leader: "n0", replicas: [replica("n1"), replica("n2")] }, true],
  ["one silent replica of three", { name: "c", leader: "n0", replicas: [replica("n1", silent), replica("n2")] }, true],
  ["two silent replicas", { name: "c", leader: "n0", replicas: [replica("n1", silent), replica("n2", silent)] }, false],
  [
    "a silent and an offline replica",
    { name: "c", leader: "n0", replicas: [replica("n1", { offline: true }), replica("n2", silent)] },
    false,
  ],
  ["no leader", { name: "c", leader: "", replicas: [replica("n0"), replica("n1"), replica("n2")] }, false],
] as const) {
  test(`finds ${expected ? "a" : "no"} quorum with ${what}`, () => {
    assert.equal(
      hasQuorum(cluster === undefined ? undefined : { ...cluster, replicas: [...cluster.replicas] }),
      expected,
    );
  });
}
