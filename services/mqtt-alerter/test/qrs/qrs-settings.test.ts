import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Environment, loadSettings, SettingsError } from "@sense-alerts/service-kit";
import { makeCertificates, tempDir } from "@sense-alerts/test-kit";
import { checkQrsSettings, qrsSettings } from "../../src/qrs/qrs-settings.js";

const read = (env: Environment) => loadSettings(qrsSettings, env, checkQrsSettings);

function problemsWith(env: Environment): string[] {
  try {
    read(env);
  } catch (error) {
    assert(error instanceof SettingsError, String(error));
    return error.problems.map(({ name, message }) => `${name}: ${message}`);
  }
  return assert.fail("the settings were accepted");
}

function filesOf(t: TestContext): Environment {
  const { clientCertFile, clientKeyFile, caFile } = makeCertificates(t);
  return { QRS_CERT_FILE: clientCertFile, QRS_KEY_FILE: clientKeyFile, QRS_CA_FILE: caFile };
}

const url = "https://sense.example.com:4242";

test("QRS is off unless its URL is set, and everything else has a default", () => {
  const settings = read({});
  assert.equal(settings.QRS_URL, undefined);
  assert.deepEqual(
    [settings.QRS_USER, settings.QRS_TIMEOUT_SECONDS, settings.QRS_CACHE_SECONDS, settings.QRS_SCRIPT_LOG_LINES],
    ["UserDirectory=Internal;UserId=sa_repository", 10, 300, 0],
  );
});

test("takes what the QMC exports", (t) => {
  const files = filesOf(t);
  const settings = read({ QRS_URL: url, ...files });
  assert.deepEqual(
    [settings.QRS_URL, settings.QRS_CERT_FILE, settings.QRS_KEY_FILE, settings.QRS_CA_FILE],
    [url, files["QRS_CERT_FILE"], files["QRS_KEY_FILE"], files["QRS_CA_FILE"]],
  );
  assert.equal(read({ QRS_CERT_FILE: files["QRS_CERT_FILE"], QRS_KEY_FILE: files["QRS_KEY_FILE"] }).QRS_URL, undefined);
});

test("wants certificate and key together with the URL", (t) => {
  const { QRS_CERT_FILE, QRS_KEY_FILE } = filesOf(t);
  assert.deepEqual(problemsWith({ QRS_URL: url }), [
    "QRS_CERT_FILE: must be set together with QRS_URL",
    "QRS_KEY_FILE: must be set together with QRS_URL",
  ]);
  assert.deepEqual(problemsWith({ QRS_URL: url, QRS_CERT_FILE }), [
    "QRS_KEY_FILE: must be set together with QRS_CERT_FILE",
  ]);
  assert.deepEqual(problemsWith({ QRS_URL: url, QRS_KEY_FILE }), [
    "QRS_CERT_FILE: must be set together with QRS_KEY_FILE",
  ]);
});

test("refuses files that do not fit, or hold no certificate, and shows nothing of them", (t) => {
  const files = filesOf(t);
  const other = filesOf(t);
  const broken = join(tempDir(t), "root.pem");
  writeFileSync(broken, "-----BEGIN CERTIFICATE-----\nSECRET\n-----END CERTIFICATE-----\n");
  const problems = problemsWith({
    QRS_URL: url,
    ...files,
    QRS_KEY_FILE: other["QRS_KEY_FILE"],
    QRS_CA_FILE: broken,
  });
  assert.match(
    problems.join("\n"),
    /^QRS_CERT_FILE: .* that QRS_KEY_FILE fits: .*\nQRS_CA_FILE: must hold certificates/,
  );
  assert.doesNotMatch(problems.join("\n"), /SECRET/);
});

for (const user of ["UserDirectory=Internal;UserId=sa_repository", "userdirectory=ACME; userid=qrs reader"]) {
  test(`takes the user ${user}`, () => assert.equal(read({ QRS_USER: user }).QRS_USER, user));
}

for (const user of [
  "goran",
  "ACME\\goran",
  "UserDirectory=ACME",
  "UserDirectory=;UserId=x",
  "UserDirectory=A;UserId=x\r\nX-Y: z",
]) {
  test(`refuses the user ${JSON.stringify(user)}`, () => {
    assert.match(problemsWith({ QRS_USER: user }).join(), /^QRS_USER: must be of the form UserDirectory=<directory>/);
  });
}

for (const wrong of [
  "http://sense.example.com:4242",
  "sense.example.com:4242",
  "https://goran:secret@sense.example.com",
]) {
  test(`refuses the URL ${wrong}, and does not repeat it`, () => {
    const [problem = ""] = problemsWith({ QRS_URL: wrong });
    assert.match(problem, /^QRS_URL: must /);
    assert.doesNotMatch(problem, /secret@/);
  });
}
