import assert from "node:assert/strict";
import { test } from "node:test";
import { startNats } from "@sense-alerts/test-kit";
import { storageAdvice } from "../../src/streams/storage-advice.js";
import { connectBeside, startTestBus, streamNames, whenDown, whenUp } from "../fixtures/bus.js";

const account = `accounts { A { jetstream { max_file: 60MB }, users: [{ user: anyone, password: pw }] } }
no_auth_user: anyone
`;

for (const [what, config, value] of [
  ["the store of the server", "", 32 * 1024 ** 2],
  ["the limit of the account", account, 15 * 1024 ** 2],
] as const) {
  test(`names NATS_STREAM_MAX_BYTES and a value that fits when ${what} has no room for the stream`, async (t) => {
    const server = await startNats(t, { config: `jetstream {\n max_file_store: 100MB\n}\n${config}` });
    const { bus } = startTestBus(t, server.url, { streamMaxBytes: 1024 ** 3 });
    await whenDown(bus, /stream SENSE_EVENTS for .* cannot be created: .*no room for NATS_STREAM_MAX_BYTES=1073741824/);
    assert.match(bus.state().detail, new RegExp(`, or set NATS_STREAM_MAX_BYTES=${value}$`));
    const smaller = startTestBus(t, server.url, { streamMaxBytes: value }).bus;
    await whenUp(smaller);
    assert.deepEqual(await streamNames(server), ["SENSE_DEAD_LETTERS", "SENSE_EVENTS", "SENSE_REJECTED"]);
  });
}

test("advises on nothing but room", async (t) => {
  const { manager } = await connectBeside(t, (await startNats(t)).url);
  const overlap = { code: 400, err_code: 10065, description: "subjects overlap with an existing stream" };
  assert.equal(await storageAdvice(manager, overlap, 1024 ** 3), "");
  const noPeers = { code: 400, err_code: 10005, description: "no suitable peers for placement, insufficient storage" };
  assert.match(await storageAdvice(manager, noPeers, 64 * 1024 ** 2), /set NATS_STREAM_MAX_BYTES=16777216$/);
});
