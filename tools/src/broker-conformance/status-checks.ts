import assert from "node:assert/strict";
import { eventually } from "@sense-alerts/test-kit";
import { inScope } from "../bench/in-scope.js";
import type { Instances } from "./instances.js";
import type { Stage } from "./stage.js";
import { startWatcher } from "./watcher.js";

/**
 * A subscriber that comes now gets this status: so it is retained, whatever its retain flag says (Moquette clears it).
 */
export async function hasRetained(main: Instances["main"], topic: string, text: string): Promise<void> {
  await eventually(
    () =>
      inScope(async (scope) => {
        const { messages } = await startWatcher(scope, {
          url: main.mqtt311Url ?? main.mqttUrl,
          login: main.admin,
          filter: topic,
        });
        await eventually(() => assert.ok(messages.some((message) => message.text === text)), {
          timeoutMs: 2_000,
          what: `the retained ${text}`,
        });
      }),
    { timeoutMs: 30_000, intervalMs: 500, what: `the retained ${text}` },
  );
}

/** An alerter with a wrong password never becomes ready, and says why. */
export async function refusesWrongPassword(
  stage: Stage,
  { mqttUrl, alerter: login }: Instances["main"],
): Promise<void> {
  if (login === undefined) return;
  const alerter = await stage.alerter("wrong-password", mqttUrl, { ...login, password: "wrong" });
  const warned = () => alerter.logs.filter(({ level }) => level === "warn" || level === "error");
  await eventually(() => assert.ok(warned().length > 0), { timeoutMs: 20_000, what: "a warning" });
  const { status } = await alerter.readyz();
  await alerter.stop();
  assert.equal(status, 503, "an alerter with a wrong password is ready");
}
