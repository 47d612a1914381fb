import assert from "node:assert/strict";
import { test } from "node:test";
import { isHostName, listenHost, loadSettings } from "../../src/index.js";
import { refused } from "../fixtures/refused.js";

const spec = { HOST: listenHost({ default: "0.0.0.0", desc: "Where it listens" }) };

test("knows a host name from an address", () => {
  assert(isHostName("sense1.example.com"));
  for (const text of ["10.0.0.5", "10.0", "10", "fd00::5", "sense1:9998", ""]) assert(!isHostName(text), text);
});

test("takes addresses of both families and host names, without the blanks around them", () => {
  for (const host of ["0.0.0.0", "::", "fe80::1%eth0", "localhost", "ingest-1.example.com", " 10.0.0.5 "]) {
    assert.equal(loadSettings(spec, { HOST: host }).HOST, host.trim());
  }
});

test("refuses what neither is, in words that say what is allowed", () => {
  for (const host of ["0.0.0.0:8080", "http://localhost", "*", "10.0.0.300", "two words", "a/b", "[::1]"]) {
    const { message } = refused(spec, { HOST: host });
    assert.match(
      message,
      /HOST: must be an IP address or a host name, without a port \(got .*Example: HOST=0\.0\.0\.0$/,
    );
  }
});
