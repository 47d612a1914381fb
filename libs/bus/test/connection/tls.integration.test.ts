import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import {
  type Certificates,
  eventually,
  freeTcpPort,
  makeCertificates,
  natsServerIsAtLeast,
  startNats,
} from "@sense-alerts/test-kit";
import { startTestBus, whenDown, whenUp } from "../fixtures/bus.js";

function tlsConfig({ serverCertFile, serverKeyFile, caFile }: Certificates, more = ""): string {
  return `tls { cert_file: "${serverCertFile}", key_file: "${serverKeyFile}", ca_file: "${caFile}"${more} }`;
}

for (const [names, isAccepted] of [
  ["IP:127.0.0.1", true],
  ["DNS:localhost", false],
] as const) {
  test(`${isAccepted ? "accepts" : "refuses"} a certificate for ${names} when it dials 127.0.0.1`, async (t) => {
    const certificates = makeCertificates(t, { serverNames: names });
    const server = await startNats(t, { config: tlsConfig(certificates) });
    const url = `tls://127.0.0.1:${server.port}`;
    const { bus } = startTestBus(t, url, { tlsCaFile: certificates.caFile });
    if (isAccepted) await whenUp(bus);
    else await whenDown(bus, /certificate is for another host name than NATS_URL has/);
  });
}

test("accepts a certificate for the host name that it dials", async (t) => {
  const certificates = makeCertificates(t, { serverNames: "DNS:localhost" });
  const server = await startNats(t, { config: tlsConfig(certificates) });
  const { bus } = startTestBus(t, `tls://localhost:${server.port}`, { tlsCaFile: certificates.caFile });
  await whenUp(bus);
});

for (const [names, isAccepted] of [
  ["DNS:localhost", true],
  ["IP:127.0.0.1,DNS:other.example.com", true],
  ["DNS:other.example.com", false],
] as const) {
  const what = `a gossiped server whose certificate is for ${names}`;
  test(`${isAccepted ? "goes on with" : "refuses"} ${what} when it found the cluster as localhost`, async (t) => {
    const known = makeCertificates(t, { serverNames: "DNS:localhost" });
    const other = makeCertificates(t, { serverNames: names });
    const ports = [await freeTcpPort(), await freeTcpPort()];
    const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(", ");
    const start = (index: number, certificates: Certificates, more = "") => {
      const cluster = `cluster { name: bus, listen: "127.0.0.1:${ports[index]}", routes: [${routes}] }`;
      return startNats(t, { config: `server_name: n${index}\n${cluster}\n${tlsConfig(certificates, more)}` });
    };
    const [first, second] = await Promise.all([start(0, known), start(1, other)]);
    const tlsCaFile = `${first.dir}/authorities.pem`;
    writeFileSync(tlsCaFile, readFileSync(known.caFile, "utf8") + readFileSync(other.caFile, "utf8"));
    const { bus, lines } = startTestBus(t, `tls://localhost:${first.port}`, { tlsCaFile, streamReplicas: 1 });
    await whenUp(bus, 30_000);
    await first.stop("SIGKILL");
    // One of two servers has no quorum, so the bus does not come up on it; but it has connected.
    const reasons = () => lines.map((line) => String(line.facts["reason"])).join("\n");
    if (isAccepted) {
      await eventually(async () => assert.equal((await connectionsOf(second.monitorUrl)).length, 1), {
        timeoutMs: 20_000,
      });
    } else await eventually(() => assert.match(reasons(), /for another host name/), { timeoutMs: 20_000 });
  });
}

async function connectionsOf(monitorUrl: string): Promise<readonly unknown[]> {
  const response = await fetch(`${monitorUrl}/connz`, { signal: AbortSignal.timeout(5_000) });
  const { connections } = (await response.json()) as { connections: readonly unknown[] };
  return connections;
}

const knowsTlsFirst = natsServerIsAtLeast([2, 10]);
test("starts with the handshake where the server wants it so", { skip: !knowsTlsFirst }, async (t) => {
  const certificates = makeCertificates(t, { serverNames: "IP:127.0.0.1" });
  const server = await startNats(t, { config: tlsConfig(certificates, ", handshake_first: true") });
  const options = { tlsCaFile: certificates.caFile };
  const { bus } = startTestBus(t, `tls://127.0.0.1:${server.port}`, { ...options, tlsFirst: true });
  await whenUp(bus);
  const without = startTestBus(t, `tls://127.0.0.1:${server.port}`, options);
  await whenDown(without.bus, /ended the TLS handshake: .*starts with TLS \(set NATS_TLS_FIRST\)/);
});
