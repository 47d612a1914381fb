import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempDir } from "@sense-alerts/test-kit";
import { nkeys } from "nats";
import { connectOptions } from "../src/connect-options.js";
import { type BusOptions, hostAndPort } from "../src/index.js";
import { defaults } from "./fixtures/bus.js";

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

test("reads the credentials file at each connect, so that a renewed one is used", (t) => {
  const credsFile = join(tempDir(t), "user.creds");
  const { authenticator } = connectOptions({ ...defaults, credsFile });
  assert.ok(typeof authenticator === "function");
  for (const jwt of ["first.jwt", "second.jwt"]) {
    const seed = new TextDecoder().decode(nkeys.createUser().getSeed());
    writeFileSync(
      credsFile,
      `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n\n` +
        `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
    );
    const login = authenticator("a nonce");
    assert.ok(typeof login === "object" && "jwt" in login);
    assert.equal(login.jwt, jwt);
  }
});

test("uses TLS for a tls address or when a certificate file is set, and not otherwise", () => {
  assert.equal(tlsOf({}), undefined);
  assert.deepEqual(tlsOf({ servers: ["nats://a", "tls://b"] }), {});
  assert.deepEqual(tlsOf({ tlsCaFile: "/ca.pem" }), { caFile: "/ca.pem" });
  assert.deepEqual(tlsOf({ tlsCaFile: "/ca.pem", tlsCertFile: "/cert.pem", tlsKeyFile: "/key.pem" }), {
    caFile: "/ca.pem",
    certFile: "/cert.pem",
    keyFile: "/key.pem",
  });
});
