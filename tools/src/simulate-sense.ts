import { lookup } from "node:dns/promises";
import { parseArgs } from "node:util";
// Not all of the test kit: the image of the simulator has only what this needs.
import { sendDatagram } from "@sense-alerts/test-kit/send-datagrams";
import { samples } from "./samples.js";

const usage = "simulate-sense [--every <seconds>] <host> <port>";
const pauseMs = 200;

/**
 * Sends a datagram of each kind to udp-ingest, as a Sense server would; with --every again and again, with new
 * executions.
 */
const { values, positionals } = parseArgs({ options: { every: { type: "string" } }, allowPositionals: true });
const [host = "", port = ""] = positionals;
const everySeconds = values.every === undefined ? undefined : Number(values.every);
if (host === "" || !/^\d+$/.test(port) || (everySeconds !== undefined && !(everySeconds > 0))) {
  console.error(`usage: ${usage}`);
  process.exit(64);
}

/** The samples have the same executions each time, and an execution is alerted once. */
function asOfRound(datagram: string | Uint8Array, round: number): Uint8Array {
  const text = Buffer.from(datagram).toString("latin1");
  return Buffer.from(text.replaceAll("c7d41f0-", `${round.toString(16).padStart(7, "0")}-`), "latin1");
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(0));
for (let round = Math.floor(Date.now() / 1_000) % 0x1000_0000; ; round++) {
  const { address } = await lookup(host, { family: 4 });
  for (const { title, datagram } of samples) {
    await sendDatagram(Number(port), asOfRound(datagram, round), { address });
    console.log(`sent: ${title}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  if (everySeconds === undefined) break;
  await new Promise((resolve) => setTimeout(resolve, everySeconds * 1_000));
}
