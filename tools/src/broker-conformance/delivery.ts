import assert from "node:assert/strict";
import { eventually, type MqttProxy } from "@sense-alerts/test-kit";
import type { Topics } from "./stage.js";
import type { Watcher } from "./watcher.js";

export type Kind = "basic" | "full";

/** Waits until each task has come on each of these topics; fails when one came twice. */
export async function eachExactlyOnce(
  watcher: Watcher,
  topics: Topics,
  tasks: readonly string[],
  timeoutMs: number,
  kinds: readonly Kind[] = ["basic", "full"],
): Promise<void> {
  for (const kind of kinds) {
    await eachAtLeastOnce(watcher, topics, tasks, timeoutMs, [kind]);
    const repeated = [...watcher.tasksOn(topics[kind])].filter(([task, count]) => count > 1 && tasks.includes(task));
    assert.equal(repeated.length, 0, `${repeated.length} of ${tasks.length} ${kind} messages came more than once`);
  }
}

export async function eachAtLeastOnce(
  watcher: Watcher,
  topics: Topics,
  tasks: readonly string[],
  timeoutMs: number,
  kinds: readonly Kind[] = ["basic", "full"],
): Promise<void> {
  await eventually(
    () => {
      for (const kind of kinds) {
        const came = watcher.tasksOn(topics[kind]);
        const missing = tasks.filter((task) => !came.has(task));
        assert.equal(missing.length, 0, `${missing.length} of ${tasks.length} ${kind} messages are missing`);
      }
    },
    { timeoutMs, intervalMs: 100, what: "all messages" },
  );
}

/** At most 20 CONNECTs a minute, and nothing published twice while its connection stood. */
export function isCalm(proxy: MqttProxy): void {
  const connects = proxy.mostConnectsPerMinute();
  assert.ok(connects <= 20, `${connects} CONNECTs in a minute`);
  const repeats = proxy.repeats();
  assert.equal(repeats.length, 0, `${repeats.length} messages were published twice while the connection stood`);
}
