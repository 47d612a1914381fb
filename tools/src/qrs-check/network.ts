import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { QrsSettings } from "@sense-alerts/mqtt-alerter/qrs-settings";
import { dayOf } from "./files.js";
import { bad, type Finding, good } from "./step.js";

export type Target = { readonly host: string; readonly port: number; readonly timeoutMs: number };

export function targetOf(url: URL, timeoutMs: number): Target {
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 443), timeoutMs };
}

export async function lookUpName({ host }: Target): Promise<Finding> {
  if (isIP(host) !== 0) return good(`${host} is an address`);
  try {
    const addresses = await lookup(host, { all: true });
    return good(`${host} is ${addresses.map(({ address }) => address).join(", ")}`);
  } catch (error) {
    return bad(
      `the name ${host} is not known on this machine (${codeOf(error)})`,
      "set QRS_URL to the name of the Sense server that holds the repository, or make the name known (DNS, hosts file, extra_hosts)",
    );
  }
}

export async function connectTcp(target: Target): Promise<Finding> {
  const { host, port, timeoutMs } = target;
  const socket = connect({ host, port });
  try {
    await opened(socket, "connect", timeoutMs);
    return good(`port ${port} takes connections`);
  } catch (error) {
    const code = codeOf(error);
    return code === "ECONNREFUSED"
      ? bad(
          `nobody listens on port ${port}`,
          "see whether the Qlik Sense Repository Service runs, and whether the port is right (4242 as a rule)",
        )
      : bad(
          `port ${port} does not take a connection (${code})`,
          `let TCP port ${port} through from this machine to the Sense server: its Windows firewall, and those in between`,
        );
  } finally {
    socket.destroy();
  }
}

/**
 * The handshake, and whether the server's certificate is to be trusted. Whether the server takes ours shows at the
 * first question.
 */
export async function shakeHands(target: Target, settings: QrsSettings): Promise<Finding> {
  const { host, port, timeoutMs } = target;
  const { QRS_CERT_FILE: certFile, QRS_KEY_FILE: keyFile, QRS_CA_FILE: caFile } = settings;
  const socket = connectTls({
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    rejectUnauthorized: false, // looked at below, with all that it tells
  });
  try {
    await opened(socket, "secureConnect", timeoutMs);
    return trustIn(socket, target, settings);
  } catch (error) {
    return bad(
      `no TLS on port ${port} (${codeOf(error)})`,
      "see whether QRS_URL leads to the Repository Service (4242), and whether something in between ends TLS",
    );
  } finally {
    socket.destroy();
  }
}

function trustIn(socket: TLSSocket, { host }: Target, settings: QrsSettings): Finding {
  const { valid_to: validTo, subjectaltname: names = "none" } = socket.getPeerCertificate();
  const facts = `${socket.getProtocol() ?? "TLS"}, the server's certificate is valid until ${dayOf(validTo)}`;
  if (socket.authorized || settings.QRS_TLS_INSECURE) return good(facts);
  const reason = String(socket.authorizationError);
  if (reason === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return bad(
      `the server's certificate is not for ${host}, but for ${names}`,
      "set QRS_URL to one of these names; where it is not known here, add it to DNS or the hosts file",
    );
  }
  if (reason === "CERT_HAS_EXPIRED") {
    return bad(`the server's certificate has expired on ${dayOf(validTo)}`, "renew the certificates of the Sense site");
  }
  return bad(
    `the server's certificate is not trusted (${reason})`,
    "set QRS_CA_FILE to root.pem of the same export as the client certificate",
  );
}

/** Rejects when it breaks, or is not open in time. */
async function opened(socket: Socket, event: "connect" | "secureConnect", timeoutMs: number): Promise<void> {
  await once(socket, event, { signal: AbortSignal.timeout(timeoutMs) });
  socket.on("error", () => {}); // the next step reports what comes now
}

function codeOf(error: unknown): string {
  if (error instanceof Error && error.name === "AbortError") return "no answer in time";
  if (error instanceof AggregateError) return codeOf(error.errors.at(-1));
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
