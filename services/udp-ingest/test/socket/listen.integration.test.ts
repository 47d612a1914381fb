import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanUpAfter, eventually, type Scope, sendDatagram } from "@sense-alerts/test-kit";
import { listen, socketState } from "../../src/socket/listen.js";
import { captureLog } from "../captured-log.js";
import { breakable, takePort } from "./receiver.js";

type Reported = readonly [status: string, address: string, port: number, reason: string];

function startListening(t: Scope, port: number, receiveBufferBytes: number) {
  const { logger, lines } = captureLog();
  const reported: Reported[] = [];
  const received: string[] = [];
  const dropped: number[] = [];
  const [socket, breakSocket] = breakable(() =>
    listen({
      host: "127.0.0.1",
      port,
      receiveBufferBytes,
      ingest: {
        receive: (bytes, address) => received.push(`${bytes.toString()} from ${address}`),
        report: (...status) => reported.push(status),
      },
      onReceived: () => {},
      mayWait: () => true,
      onKernelDropped: (datagrams) => dropped.push(datagrams),
      logger,
    }),
  );
  cleanUpAfter(t, socket.close);
  return { socket, breakSocket, reported, received, dropped, lines };
}

test("passes datagrams on, and logs and reports that it listens", async (t) => {
  const { socket, reported, received, lines } = startListening(t, 0, 65_536);
  const bound = await eventually(() => {
    const now = socket.bound();
    assert(now !== undefined);
    return now;
  });
  assert.deepEqual(reported, [["start", "127.0.0.1", bound.port, ""]]);
  assert.deepEqual(lines(), [{ level: "info", msg: "udp socket listening", ...bound }]);
  await sendDatagram(bound.port, "a failed task");
  await eventually(() => assert.deepEqual(received, ["a failed task from 127.0.0.1"]));
});

test("warns once of a smaller receive buffer, with the command that mends it", async (t) => {
  const asked = 1_073_741_824;
  const { reported, lines, breakSocket } = startListening(t, 0, asked);
  await eventually(() => assert.equal(reported.length, 1));
  const [listening, warning, ...others] = lines();
  assert.deepEqual(warning, {
    level: "warn",
    msg: "the kernel granted a smaller receive buffer: bursts may be lost",
    asked,
    granted: listening?.["receiveBufferBytes"],
    mend: "sysctl -w net.core.rmem_max=1073741824",
  });
  assert.deepEqual(others, []);
  breakSocket(new Error("the network is down"));
  await eventually(() => assert.equal(reported.length, 3));
  assert.equal(lines().filter(({ level }) => level === "warn").length, 1);
});

test("logs and reports that it cannot listen, and then that it can", async (t) => {
  const taken = await takePort(t);
  const { reported, lines } = startListening(t, taken.port, 65_536);
  await eventually(() => assert.equal(reported.length, 1));
  await taken.release();
  await eventually(() => assert.equal(reported.length, 2));
  assert.deepEqual(reported, [
    ["error", "127.0.0.1", taken.port, `bind EADDRINUSE 127.0.0.1:${taken.port}`],
    ["start", "127.0.0.1", taken.port, ""],
  ]);
  assert.deepEqual(
    lines().map(({ level, msg }) => [level, msg]),
    [
      ["error", "udp socket failed; it is bound again"],
      ["info", "udp socket listening"],
    ],
  );
});

test("reports a port that stays in use once, and start when it is bound", async (t) => {
  const taken = await takePort(t);
  const { reported, lines } = startListening(t, taken.port, 65_536);
  const failures = () => lines().filter(({ msg }) => msg === "udp socket failed; it is bound again");
  await eventually(() => assert.equal(failures().length, 3));
  assert.deepEqual(
    failures().map(({ level }) => level),
    ["error", "debug", "debug"],
  );
  await taken.release();
  await eventually(() => assert.equal(reported.at(-1)?.[0], "start"));
  assert.deepEqual(
    reported.map(([status]) => status),
    ["error", "start"],
  );
});

test("is a link that is up while it is bound", () => {
  const bound = { address: "0.0.0.0", port: 9998, receiveBufferBytes: 65_536, readsBatches: true };
  assert.deepEqual(socketState(bound), { up: true, detail: "bound", ...bound });
  assert.equal(socketState(undefined).up, false);
});
