import assert from "node:assert/strict";
import { eventually, type Service } from "@sense-alerts/test-kit";

/**
 * Waits until the service has tried so often, and checks that it has said why it waits in one line and no other, that
 * it goes on living, and that it shows none of the secrets.
 */
export async function assertWaits(
  service: Service,
  reason: RegExp,
  attempts: () => number,
  secrets: readonly string[] = [],
): Promise<void> {
  const complaints = () => service.logs.filter((line) => line["level"] !== "info" && "reason" in line);
  await eventually(
    () => {
      assert.notEqual(complaints().length, 0);
      assert.ok(attempts() >= 3, `${attempts()} attempts`);
    },
    { what: "three attempts" },
  );
  const lines = complaints();
  assert.equal(lines.length, 1, JSON.stringify(lines));
  assert.match(String(lines[0]?.["msg"]), /^waiting for (nats|the broker)$/);
  assert.match(String(lines[0]?.["reason"]), reason);
  assert.match(JSON.stringify((await service.readyz()).body), reason);
  assert.equal((await service.get("/livez")).status, 200);
  assertShowsNone(service, secrets);
}

/** Neither in a log line nor on stderr. */
export function assertShowsNone(service: Service, secrets: readonly string[]): void {
  const shown = JSON.stringify([service.logs, service.badLines, service.stderr()]);
  for (const secret of secrets) assert.ok(!shown.includes(secret), `${service.name} shows ${secret}`);
}
