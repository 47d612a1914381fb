import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { cleanUpAfter, eventually, type Scope, startNats } from "../src/index.js";

/** Just enough of the NATS protocol to ask and be answered. */
async function natsClient(t: Scope, port: number) {
  const socket: Socket = connect(port, "127.0.0.1").setEncoding("utf8");
  socket.on("error", () => {}); // the server is killed under it
  cleanUpAfter(t, () => void socket.destroy());
  let text = "";
  socket.on("data", (piece) => {
    text += piece;
  });
  await once(socket, "connect");
  socket.write('CONNECT {"verbose":false}\r\nSUB answers 1\r\n');
  return {
    ask(subject: string, payload: string) {
      socket.write(`PUB ${subject} answers ${Buffer.byteLength(payload)}\r\n${payload}\r\n`);
    },
    ping: () => void socket.write("PING\r\n"),
    text: () => text,
  };
}

test("keeps its port and its streams over a SIGKILL", async (t) => {
  const nats = await startNats(t);
  const client = await natsClient(t, nats.port);
  client.ask("$JS.API.STREAM.CREATE.KEPT", JSON.stringify({ name: "KEPT", subjects: ["kept.>"], storage: "file" }));
  await eventually(async () => assert.notEqual(await nats.stream("KEPT"), undefined));
  client.ask("kept.first", "försäljning");
  await eventually(async () => assert.equal((await nats.stream("KEPT"))?.state.messages, 1));
  const { pid, url } = nats;

  await nats.stop("SIGKILL");
  await assert.rejects(nats.jsz());
  await nats.start();

  assert.notEqual(nats.pid, pid);
  assert.equal(nats.url, url);
  assert.equal((await nats.stream("KEPT"))?.state.messages, 1);
  assert.deepEqual((await nats.stream("KEPT"))?.config["subjects"], ["kept.>"]);
  await natsClient(t, nats.port);
});

test("answers nothing while suspended, and goes on after", async (t) => {
  const nats = await startNats(t);
  const client = await natsClient(t, nats.port);
  await eventually(() => assert.match(client.text(), /^INFO /));
  nats.suspend();
  client.ping();
  await assert.rejects(eventually(() => assert.match(client.text(), /PONG/), { timeoutMs: 200 }));
  nats.resume();
  await eventually(() => assert.match(client.text(), /PONG/));
});

test("takes configuration and refuses a second start", async (t) => {
  const nats = await startNats(t, { config: 'server_name: "named-by-the-test"' });
  await eventually(() => assert.match(nats.log(), /named-by-the-test/));
  await assert.rejects(nats.start(), /already running/);
});

test("shows the log of a server that does not come up", async (t) => {
  await assert.rejects(startNats(t, { config: "no_such_option {" }), /ended with 1 at start:\n.*Parse error/);
});
