import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempDir } from "@sense-alerts/test-kit";
import { nkeys } from "nats";
import { connectOptions } from "../../src/connection/connect-options.js";
import type { BusOptions } from "../../src/index.js";
import { defaults } from "../fixtures/bus.js";

const server = { address: "nats.example.com:4222", gossiped: false };
const dial = { timeoutMs: 5_000, overTls: false };

/** What the server would be sent to log in. */
function loginOf(options: Partial<BusOptions>): unknown {
  const { authenticator } = connectOptions({ ...defaults, ...options }, server, dial);
  assert.ok(typeof authenticator === "function" || authenticator === undefined);
  return authenticator?.("a nonce");
}

function tlsOf(options: Partial<BusOptions>): unknown {
  return connectOptions({ ...defaults, ...options }, server, dial).tls;
}

test("dials one server, under the name that the server shows", () => {
  const options = connectOptions({ ...defaults, clientName: "udp-ingest 1" }, server, { ...dial, timeoutMs: 2_000 });
  assert.deepEqual(options.servers, ["nats.example.com:4222"]);
  assert.equal(options.name, "udp-ingest 1");
  assert.equal(options.timeout, 2_000);
});

test("leaves reconnecting, and the servers of the cluster, to the bus", () => {
  assert.equal(connectOptions(defaults, server, dial).reconnect, false);
});

test("logs in with nothing when nothing is set", () => {
  assert.equal(loginOf({}), undefined);
});

test("logs in with user and password", () => {
  assert.deepEqual(loginOf({ user: "alerts", password: "s3cret" }), { user: "alerts", pass: "s3cret" });
});

test("logs in with a token", () => {
  assert.deepEqual(loginOf({ token: "s3cret" }), { auth_token: "s3cret" });
});

test("logs in with the user and password of an address, percent signs read", () => {
  const servers = ["nats://a:4222", "nats://al%3Aerts:s3%40cret@b:4222"];
  assert.deepEqual(loginOf({ servers }), { user: "al:erts", pass: "s3@cret" });
});

test("prefers the settings over the login in an address", () => {
  const servers = ["nats://other:wrong@a:4222"];
  assert.deepEqual(loginOf({ servers, user: "alerts", password: "s3cret" }), { user: "alerts", pass: "s3cret" });
  assert.deepEqual(loginOf({ servers, token: "s3cret" }), { auth_token: "s3cret" });
});

test("takes a lone name in an address for a token, as other NATS clients do", () => {
  assert.deepEqual(loginOf({ servers: ["nats://s3%40cret@a:4222"] }), { auth_token: "s3@cret" });
});

test("signs with an nkey seed", () => {
  const user = nkeys.createUser();
  const login = loginOf({ nkeySeed: new TextDecoder().decode(user.getSeed()) });
  assert.ok(typeof login === "object" && login !== null && "nkey" in login && "sig" in login);
  assert.equal(login.nkey, user.getPublicKey());
  assert.ok(user.verify(Buffer.from("a nonce"), Buffer.from(String(login.sig), "base64url")));
});

function credsOf(jwt: string): string {
  const seed = new TextDecoder().decode(nkeys.createUser().getSeed());
  return (
    `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n\n` +
    `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`
  );
}

const bom = "\ufeff";
for (const [what, encode] of [
  ["with CRLF", (text: string) => text.replaceAll("\n", "\r\n")],
  ["with CR", (text: string) => text.replaceAll("\n", "\r")],
  ["without a newline at the end", (text: string) => text.trimEnd()],
  ["with blanks at the ends of lines", (text: string) => text.replaceAll("\n", " \t\n")],
  ["with a byte order mark", (text: string) => bom + text],
  ["in UTF-16, little endian", (text: string) => Buffer.from(bom + text, "utf16le")],
  ["in UTF-16, big endian", (text: string) => Buffer.from(bom + text, "utf16le").swap16()],
  ["in UTF-16 without a byte order mark", (text: string) => Buffer.from(text.replaceAll("\n", "\r\n"), "utf16le")],
] as const) {
  test(`takes a credentials file that Windows has saved ${what}`, (t) => {
    const credsFile = join(tempDir(t), "user.creds");
    writeFileSync(credsFile, encode(credsOf("a.jwt")));
    const login = loginOf({ credsFile });
    assert.ok(typeof login === "object" && login !== null && "jwt" in login);
    assert.equal(login.jwt, "a.jwt");
  });
}

test("takes a file of authorities with a byte order mark, which OpenSSL would pass over", (t) => {
  const tlsCaFile = join(tempDir(t), "ca.pem");
  writeFileSync(tlsCaFile, `${bom}-----BEGIN CERTIFICATE-----\r\n`);
  assert.deepEqual(tlsOf({ tlsCaFile }), { ca: "-----BEGIN CERTIFICATE-----\n" });
});

test("reads the credentials file for each connection, so that a renewed one is used", (t) => {
  const credsFile = join(tempDir(t), "user.creds");
  for (const jwt of ["first.jwt", "second.jwt"]) {
    writeFileSync(credsFile, credsOf(jwt));
    const login = loginOf({ credsFile });
    assert.ok(typeof login === "object" && login !== null && "jwt" in login);
    assert.equal(login.jwt, jwt);
  }
});

test("says that a credentials file or a seed cannot be used, and not what is in it", (t) => {
  const credsFile = join(tempDir(t), "user.creds");
  for (const text of [
    "",
    "hunter2",
    credsOf("hunter2").slice(0, 120),
    credsOf("hunter2").replace("\nSU", "\nhunter2"),
  ]) {
    writeFileSync(credsFile, text);
    const message = `NATS_CREDS_FILE (${credsFile}) holds no JWT and seed as nsc writes them`;
    assert.throws(() => loginOf({ credsFile }), { message });
  }
  const seed = new TextDecoder().decode(nkeys.createUser().getSeed());
  const wrong = `${seed.slice(0, 20)}${seed[20] === "A" ? "B" : "A"}${seed.slice(21)}`;
  assert.throws(() => loginOf({ nkeySeed: wrong }), { message: "NATS_NKEY_SEED is no seed: its check sum is wrong" });
});

test("uses TLS for a tls address or when a certificate file is set, and not otherwise", (t) => {
  assert.equal(tlsOf({}), undefined);
  assert.deepEqual(tlsOf({ servers: ["nats://a", "tls://b"] }), {});
  assert.deepEqual(tlsOf({ tlsFirst: true }), { handshakeFirst: true });
  const tlsCaFile = join(tempDir(t), "ca.pem");
  writeFileSync(tlsCaFile, "authorities");
  assert.deepEqual(tlsOf({ tlsCaFile }), { ca: "authorities\n" });
});

test("says that a certificate or its key cannot be used, by the names of the settings", (t) => {
  const dir = tempDir(t);
  const [tlsCertFile, tlsKeyFile] = [join(dir, "cert.pem"), join(dir, "key.pem")];
  writeFileSync(tlsCertFile, "half a certificate");
  writeFileSync(tlsKeyFile, "half a key");
  assert.throws(
    () => tlsOf({ tlsCertFile, tlsKeyFile }),
    /^Error: NATS_TLS_CERT_FILE and NATS_TLS_KEY_FILE cannot be used: /,
  );
});
