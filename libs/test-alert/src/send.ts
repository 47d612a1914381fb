import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { bad, type Finding, good } from "./finding.js";

/** How long a machine that does not listen may take to say so. */
const refusalMs = 300;

export type Sent = { readonly finding: Finding; readonly atMs: number };

/**
 * Sends one datagram. UDP has no answer, but a connected socket gets an error when the machine at the other end, or one
 * on the way, refuses: ICMP "port unreachable" comes as ECONNREFUSED (RFC 1122, 4.1.3.3).
 */
export async function send(host: string, port: number, datagram: string): Promise<Sent> {
  let atMs = performance.now();
  try {
    const { address, family } = await lookup(host);
    const socket = createSocket(family === 6 ? "udp6" : "udp4");
    const over = new AbortController();
    try {
      socket.connect(port, address);
      await once(socket, "connect");
      const refused = once(socket, "error", { signal: over.signal }).then(([error]) => Promise.reject(error));
      atMs = performance.now();
      const sent = new Promise<void>((resolve, reject) => {
        socket.send(datagram, (error) => (error === null ? resolve() : reject(error)));
      });
      await Promise.race([refused, sent.then(() => delay(refusalMs))]);
      over.abort();
      await refused.catch(() => undefined);
      const where = address === host ? `${address} port ${port}` : `${host} (${address}) port ${port}`;
      return { finding: good(`to ${where}; nobody there refuses it`), atMs };
    } finally {
      socket.close();
    }
  } catch (error) {
    return { finding: explained(error, host, port), atMs };
  }
}

function explained(error: unknown, host: string, port: number): Finding {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  switch (code) {
    case "ECONNREFUSED":
    case "ECONNRESET":
      return bad(
        `${host} refuses it: nobody listens on UDP port ${port} (ICMP port unreachable)`,
        "see whether udp-ingest runs there, and whether the port is its UDP_PORT; in Docker, whether that is published (UDP_PUBLISH)",
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return bad(
        `the name ${host} is not known on this machine (${code})`,
        "give the name or address of the machine of udp-ingest with --host, the one that stands in Sense's LocalLogConfig.xml",
      );
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return bad(`there is no way to ${host} (${code})`, "see whether --host is right, and the network between");
    case "EPERM":
    case "EACCES":
      return bad(`this machine does not let it out (${code})`, "let UDP out in the firewall of this machine");
    case "EMSGSIZE":
      return bad("it is longer than a datagram may be (EMSGSIZE)", "shorten --task-name or --message");
    default:
      return bad(`it cannot be sent (${code})`, "see whether --host and --port are right");
  }
}
