import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  cleanUpAfter,
  type Environment,
  freeTcpPort,
  type Qrs,
  type QrsOptions,
  runTool,
  startQrs,
  tempDir,
} from "@sense-alerts/test-kit";
import { makeExpiredCertificate } from "../fixtures/expired-certificate.js";

async function startFilled(t: TestContext, options: QrsOptions = {}): Promise<Qrs> {
  const qrs = await startQrs(t, options);
  const { id } = qrs.addTask({ name: "Reload of Sales" });
  qrs.addTask({ name: "Distribute Sales", taskType: 3 });
  qrs.addApp({ name: "Sales" });
  qrs.setExecution(id, { status: 8 });
  return qrs;
}

/**
 * The lines of the steps as `ok name` or `FAIL name`, and the whole output. Nothing of a key or certificate may be in
 * it.
 */
async function check(t: TestContext, env: Environment) {
  const run = await runTool(t, "qrs-check", [], env);
  const output = run.stdout + run.stderr;
  for (const name of ["QRS_CERT_FILE", "QRS_KEY_FILE", "QRS_CA_FILE"]) {
    const lines = readFileSync(env[name] ?? "/dev/null", "utf8").split("\n");
    for (const line of lines) if (line.length > 20) assert.equal(output.includes(line), false, `${name} shows`);
  }
  const steps = [...run.stdout.matchAll(/^(ok|FAIL|-) +(.{11}) /gm)].map(([, mark, name]) => `${mark} ${name?.trim()}`);
  return { ...run, output, steps };
}

const upTo = (...names: string[]) => names.map((name) => `ok ${name}`);
const allSteps = ["settings", "files", "host name", "TCP", "TLS", "user", "read tasks", "read apps", "read runs"];

test("says of each step that it is right, and does nothing in Sense", async (t) => {
  const qrs = await startFilled(t);
  const { code, steps, stdout, stderr } = await check(t, qrs.environment);
  assert.deepEqual([code, steps, stderr], [0, [...upTo(...allSteps), "- start tasks"], ""]);
  assert.match(
    stdout,
    /tasks that the user sees: 2\n.*apps that the user sees: 1\n.*execution results that the user sees: 1/,
  );
  assert.match(stdout, /valid until 20\d\d-\d\d-\d\d/);
  assert.equal(qrs.count(/^POST/), 0);
});

for (const [name, step, message, prepare] of [
  ["the certificate has expired", "files", /has expired on .*\n +→ export/, expired],
  ["the host name is not known", "host name", /no-such-host.invalid is not known.*\n +→ set QRS_URL/, elsewhere],
  ["nobody listens", "TCP", /nobody listens on port \d+\n +→ see whether the Qlik Sense Repository/, gone],
  ["the port speaks no TLS", "TLS", /no TLS on port.*\n +→ see whether QRS_URL/, plain],
  ["the server is of another authority", "TLS", /is not trusted .*\n +→ set QRS_CA_FILE to root.pem/, untrusted],
  ["the server has another name", "TLS", /not for localhost, but for DNS:sense.example.com\n +→/, renamed],
  ["the client certificate is of another site", "user", /does not take the client certificate.*\n +→ export/, foreign],
  ["the user is not known", "user", /and not the user or the xrfkey \(403\)\n +→ set QRS_USER/, stranger],
  ["something drops the xrfkey", "user", /refuses the question \(400\)\n +→ see whether a proxy/, keyless],
  ["it is the proxy and not QRS", "user", /does not answer as QRS does \(302\).*\n +→ set QRS_URL/, proxy],
  ["it is some other web server", "user", /is (?:no JSON|a web page).*\n +→ set QRS_URL to the Repository/, website],
  ["QRS is starting", "user", /cannot answer now \(503\).*\n +→ see whether/, starting],
  ["QRS does not answer", "user", /did not answer in time.*\n +→ see whether/, silent],
] as const) {
  test(`stops at "${step}" when ${name}, and says what to do`, async (t) => {
    const { code, steps, stdout, stderr } = await check(t, await prepare(t));
    const before = allSteps.slice(0, allSteps.indexOf(step));
    assert.deepEqual([code, steps, stderr], [1, [...upTo(...before), `FAIL ${step}`], ""]);
    assert.match(stdout, message);
  });
}

test("tries each right, and says which are missing", async (t) => {
  const qrs = await startFilled(t);
  qrs.behave({ match: /GET task/, body: '{"value":0}' });
  qrs.behave({ match: /GET executionresult/, status: 403 });
  const { code, steps, stdout } = await check(t, qrs.environment);
  const rights = ["FAIL read tasks", "ok read apps", "FAIL read runs"];
  assert.deepEqual([code, steps], [1, [...upTo(...allSteps.slice(0, 6)), ...rights, "- start tasks"]]);
  assert.match(stdout, /the user sees no tasks\n +→ give the user the right to read tasks/);
  assert.match(stdout, /→ give the user the right to read execution results/);
});

test("trusts any server when told so, and says that it does", async (t) => {
  const qrs = await startFilled(t, { serverNames: "DNS:sense.example.com" });
  const { code, stdout } = await check(t, { ...qrs.environment, QRS_TLS_INSECURE: "true" });
  assert.equal(code, 0);
  assert.match(stdout, /QRS_TLS_INSECURE=true: any server is trusted/);
});

test("lists what is wrong with the settings, before it opens anything", async (t) => {
  const key = "-----BEGIN PRIVATE KEY-----\nSECRETSECRETSECRETSECRET\n-----END PRIVATE KEY-----\n";
  const keyFile = join(tempDir(t), "client_key.pem");
  writeFileSync(keyFile, key);
  const qrs = await startFilled(t);
  for (const [env, names] of [
    [{}, ["QRS_URL"]],
    [{ QRS_URL: qrs.url }, ["QRS_CERT_FILE", "QRS_KEY_FILE"]],
    [
      { ...qrs.environment, QRS_URL: "http://sense", QRS_USER: "goran", QRS_CA_FILE: "/nowhere" },
      ["QRS_URL", "QRS_USER", "QRS_CA_FILE"],
    ],
    [{ ...qrs.environment, QRS_KEY_FILE: keyFile }, ["QRS_CERT_FILE"]],
    [{ ...qrs.environment, QRS_KEY_FILE: "" }, ["QRS_KEY_FILE"]],
  ] as const) {
    const { code, stdout, stderr } = await runTool(t, "qrs-check", [], env);
    assert.deepEqual([code, stdout], [78, ""], stderr);
    for (const name of names) assert.match(stderr, new RegExp(`^  ${name}: `, "m"));
    assert.doesNotMatch(stderr, /SECRET/);
  }
  assert.equal(qrs.requests.length, 0);
});

test("tells how it goes when asked, and when the arguments make no sense", async (t) => {
  const asked = await runTool(t, "qrs-check", ["--help"], {});
  assert.deepEqual([asked.code, asked.stderr], [0, ""]);
  assert.match(asked.stdout, /npm run qrs-check/);
  const wrong = await runTool(t, "qrs-check", ["--start"], {});
  assert.deepEqual([wrong.code, wrong.stdout], [64, ""]);
});

async function expired(t: TestContext): Promise<Environment> {
  const qrs = await startFilled(t);
  return { ...qrs.environment, QRS_CERT_FILE: makeExpiredCertificate(t, qrs.keyFile) };
}

async function elsewhere(t: TestContext): Promise<Environment> {
  return { ...(await startFilled(t)).environment, QRS_URL: "https://no-such-host.invalid" };
}

async function gone(t: TestContext): Promise<Environment> {
  return { ...(await startFilled(t)).environment, QRS_URL: `https://localhost:${await freeTcpPort()}` };
}

async function plain(t: TestContext): Promise<Environment> {
  const port = await freeTcpPort();
  const server = createServer((socket) => socket.end("220 not TLS\r\n").on("error", () => {})).listen(port);
  cleanUpAfter(t, () => void server.close());
  return { ...(await startFilled(t)).environment, QRS_URL: `https://localhost:${port}` };
}

async function untrusted(t: TestContext): Promise<Environment> {
  const other = await startQrs(t);
  return { ...(await startFilled(t)).environment, QRS_CA_FILE: other.caFile };
}

async function renamed(t: TestContext): Promise<Environment> {
  return (await startFilled(t, { serverNames: "DNS:sense.example.com" })).environment;
}

async function foreign(t: TestContext): Promise<Environment> {
  return (await startFilled(t, { clientCertificates: "refused" })).environment;
}

async function stranger(t: TestContext): Promise<Environment> {
  return { ...(await startFilled(t)).environment, QRS_USER: "UserDirectory=LAB;UserId=stranger" };
}

const told = (behaviour: Parameters<Qrs["behave"]>[0], env: Environment = {}) => {
  return async (t: TestContext): Promise<Environment> => {
    const qrs = await startFilled(t);
    qrs.behave(behaviour);
    return { ...qrs.environment, QRS_TIMEOUT_SECONDS: "2", ...env };
  };
};

function keyless(t: TestContext): Promise<Environment> {
  return told({ status: 400 })(t);
}

function proxy(t: TestContext): Promise<Environment> {
  return told({ status: 302 })(t);
}

function website(t: TestContext): Promise<Environment> {
  return told({ body: "<html>It works!</html>" })(t);
}

function starting(t: TestContext): Promise<Environment> {
  return told({ status: 503 })(t);
}

function silent(t: TestContext): Promise<Environment> {
  return told({ silent: "never" })(t);
}
