import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { cleanUpAfter, freeTcpPort, type Scope, startNats } from "@sense-alerts/test-kit";
import { dialFirst } from "../../src/connection/dial.js";
import { defaults } from "../fixtures/bus.js";

const server = (port: number, gossiped = false) => ({ address: `127.0.0.1:${port}`, gossiped });

async function startSilent(t: Scope): Promise<number> {
  const silent = createServer((socket) => cleanUpAfter(t, () => void socket.destroy())).listen(0, "127.0.0.1");
  cleanUpAfter(t, () => void silent.close());
  await once(silent, "listening");
  return (silent.address() as AddressInfo).port;
}

for (const patient of [false, true]) {
  test(`spends 2 s on a gossiped server that does not answer${patient ? ", also where it failed before" : ""}`, async (t) => {
    const [silent, nats] = [await startSilent(t), await startNats(t)];
    const startedMs = performance.now();
    const dialled = await dialFirst(defaults, [server(silent, true), server(nats.port, true)], { patient });
    cleanUpAfter(t, () => dialled.connection.close());
    assert.ok(performance.now() - startedMs < 4_000);
    assert.equal(dialled.server.address, `127.0.0.1:${nats.port}`);
  });
}

test("rejects with what a server said rather than with the silence of others", async (t) => {
  const nats = await startNats(t, { config: "authorization { token: s3cret }" });
  const [closed, silent] = [await freeTcpPort(), await startSilent(t)];
  const dialling = dialFirst(defaults, [server(closed), server(silent), server(nats.port)]);
  await assert.rejects(dialling, { code: "AUTHORIZATION_VIOLATION" });
});
