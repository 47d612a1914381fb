import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { after, test } from "node:test";
import { type Environment, loadSettings, readableFile, tlsFilesCheck } from "../../src/index.js";
import { folder } from "../fixtures/folder.js";
import { refused } from "../fixtures/refused.js";

const path = () => readableFile({ default: undefined, desc: "TLS", example: "/run/secrets/x.pem" });
const spec = { CA_FILE: path(), CERT_FILE: path(), KEY_FILE: path() };
const check = tlsFilesCheck({ ca: "CA_FILE", cert: "CERT_FILE", key: "KEY_FILE" });

const write = folder({ after });
const dir = dirname(write("empty", " "));

function makePair(name: string): { certFile: string; keyFile: string } {
  const [certFile, keyFile] = [`${dir}/${name}.pem`, `${dir}/${name}.key`];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const args = ["req", "-x509", ...curve, "-keyout", keyFile, "-out", certFile, "-subj", `/CN=${name}`, "-days", "2"];
  execFileSync("openssl", args, { stdio: "pipe" });
  return { certFile, keyFile };
}

const one = makePair("one");
const other = makePair("other");
const pem = readFileSync(one.certFile, "utf8");
const bundle = write("bundle.pem", `# two authorities\n${pem}${readFileSync(other.certFile, "utf8")}`);

function problemsWith(env: Environment): readonly string[] {
  return refused(spec, env, check).problems.map(({ name, message }) => `${name}: ${message}`);
}

test("takes a certificate with its key, and one or more authorities", () => {
  for (const CA_FILE of [one.certFile, bundle]) {
    loadSettings(spec, { CA_FILE, CERT_FILE: one.certFile, KEY_FILE: one.keyFile }, check);
  }
});

test("asks for certificate and key together", () => {
  assert.deepEqual(problemsWith({ CERT_FILE: one.certFile }), ["KEY_FILE: must be set together with CERT_FILE"]);
  assert.deepEqual(problemsWith({ KEY_FILE: one.keyFile }), ["CERT_FILE: must be set together with KEY_FILE"]);
});

for (const [what, certFile, keyFile] of [
  ["a key that fits another certificate", one.certFile, other.keyFile],
  ["a certificate that is none", write("x.pem", "none"), one.keyFile],
  ["a key that is cut off", one.certFile, write("x.key", readFileSync(one.keyFile, "utf8").slice(0, 100))],
] as const) {
  test(`refuses ${what}`, () => {
    const complaint = /^CERT_FILE: must be a certificate \(PEM\) that KEY_FILE fits: /;
    assert.match(problemsWith({ CERT_FILE: certFile, KEY_FILE: keyFile }).join(), complaint);
  });
}

for (const [what, text] of [
  ["no certificate", "hunter2"],
  ["a certificate that is cut off", pem.slice(0, 200)],
  ["a whole certificate and one that is cut off", pem + pem.slice(0, 200)],
  ["a certificate that is damaged", pem.replace(/\n.{40}/, "\nAAAA")],
] as const) {
  test(`refuses authorities that are ${what}, which Node would pass over`, () => {
    const [problem = "", ...others] = problemsWith({ CA_FILE: write("ca.pem", text) });
    assert.match(problem, /^CA_FILE: must hold certificates \(PEM\): /);
    assert.ok(!problem.includes("hunter2"), problem);
    assert.deepEqual(others, []);
  });
}
