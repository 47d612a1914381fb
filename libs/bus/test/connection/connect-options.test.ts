import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempDir } from "@sense-alerts/test-kit";
import { nkeys } from "nats";
import { connectOptions } from "../../src/connection/connect-options.js";
import { type BusOptions, hostAndPort } from "../../src/index.js";
import { defaults } from "../fixtures/bus.js";

/** What the server would be sent to log in. */
function loginOf(options: Partial<BusOptions>): unknown {
  const { authenticator } = connectOptions({ ...defaults, ...options });
  assert.ok(typeof authenticator === "function" || authenticator === undefined);
  return authenticator?.("a nonce");
}

function tlsOf(options: Partial<BusOptions>): unknown {
  return connectOptions({ ...defaults, ...options }).tls;
}

for (const [server, expected] of [
  ["nats://nats:4222", "nats:4222"],
  ["nats://nats", "nats:4222"],
  ["tls://nats.example.com:443", "nats.example.com:443"],
  ["nats://127.0.0.1:5222/", "127.0.0.1:5222"],
  ["nats://[::1]:4222", "[::1]:4222"],
  ["nats://[2001:db8::7]", "[2001:db8::7]:4222"],
  ["nats://alerts:s3cret@nats:4222", "nats:4222"],
  ["nats://s3cret@nats:4222", "nats:4222"],
  ["nats://alerts:s3%40cret@nats", "nats:4222"],
  ["nats://nats:4222/?token=s3cret#s3cret", "nats:4222"],
] as const) {
  test(`shows ${server} as ${expected}`, () => {
    assert.equal(hostAndPort(server), expected);
  });
}

test("dials every server of the list, under the name that the server shows", () => {
  const options = connectOptions({
    ...defaults,
    servers: ["nats://a", "tls://u:p@b:4333"],
    clientName: "udp-ingest 1",
  });
  assert.deepEqual(options.servers, ["a:4222", "b:4333"]);
  assert.equal(options.name, "udp-ingest 1");
});

test("leaves reconnecting to the bus", () => {
  assert.equal(connectOptions(defaults).reconnect, false);
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
  const tlsCaFile = join(tempDir(t), "ca.pem");
  writeFileSync(tlsCaFile, "authorities");
  assert.deepEqual(tlsOf({ tlsCaFile }), { ca: "authorities" });
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
