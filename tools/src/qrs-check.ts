import { checkQrsSettings, type QrsSettings, qrsSettings } from "@sense-alerts/mqtt-alerter/qrs-settings";
import { inspectRepository, repositoryUrl } from "@sense-alerts/qlik-repository";
import { checkEach, type Environment, loadSettings, SettingsError } from "@sense-alerts/service-kit";
import { lookAtFiles } from "./qrs-check/files.js";
import { connectTcp, lookUpName, shakeHands, targetOf } from "./qrs-check/network.js";
import { askRight, askVersion } from "./qrs-check/questions.js";
import type { Step } from "./qrs-check/step.js";
import { shown } from "./terminal.js";

const help = `npm run qrs-check    whether the Qlik Repository Service can be asked with these settings, and what to do when not

It takes the QRS_… environment variables of mqtt-alerter, looks at the files, the host, TLS, the certificate, the user and its
rights one after the other, and changes nothing in Sense.
Exit codes: 0 all is right, 1 something is not, 64 wrong usage, 78 wrong settings.`;

const mustBeOn = checkEach<QrsSettings>(checkQrsSettings, ({ QRS_URL }) =>
  QRS_URL === undefined ? [{ name: "QRS_URL", message: "must be set" }] : [],
);

/** Looks at one thing after the other until one is wrong; whether all is right. */
async function check(settings: QrsSettings): Promise<boolean> {
  const { QRS_URL = "", QRS_USER: user } = settings;
  const url = repositoryUrl(QRS_URL);
  const timeoutMs = settings.QRS_TIMEOUT_SECONDS * 1_000;
  const target = targetOf(url, timeoutMs);
  const inspection = inspectRepository({
    url: QRS_URL,
    certFile: settings.QRS_CERT_FILE,
    keyFile: settings.QRS_KEY_FILE,
    caFile: settings.QRS_CA_FILE,
    tlsInsecure: settings.QRS_TLS_INSECURE,
    user,
    timeoutMs,
  });
  const steps: readonly Step[] = [
    { name: "files", look: async () => lookAtFiles(settings, Date.now()) },
    { name: "host name", look: () => lookUpName(target) },
    { name: "TCP", look: () => connectTcp(target) },
    { name: "TLS", look: () => shakeHands(target, settings) },
    { name: "user", look: () => askVersion(inspection, user) },
    { name: "read tasks", look: () => askRight(inspection, "task"), goOn: true },
    { name: "read apps", look: () => askRight(inspection, "app"), goOn: true },
    { name: "read runs", look: () => askRight(inspection, "executionresult"), goOn: true },
  ];
  line("ok", "settings", `${url.host} as ${user}`);
  let allRight = true;
  try {
    for (const { name, look, goOn = false } of steps) {
      const finding = await look();
      line(finding.ok ? "ok" : "FAIL", name, finding.what);
      if (finding.ok) continue;
      line("", "", `→ ${finding.toDo}`);
      allRight = false;
      if (!goOn) return false;
    }
    line("-", "start tasks", "not tried, since it would start one: the user needs the right to update the task too");
    return allRight;
  } finally {
    await inspection.close();
  }
}

function line(mark: string, name: string, text: string): void {
  console.log(shown(`${mark.padEnd(4)} ${name.padEnd(11)} ${text}`));
}

async function main(args: readonly string[], env: Environment): Promise<number> {
  if (args.length > 0) {
    const asked = args.every((argument) => ["--help", "-h", "help"].includes(argument));
    if (asked) console.log(help);
    else console.error(`qrs-check takes no arguments\n\n${help}`);
    return asked ? 0 : 64;
  }
  try {
    return (await check(loadSettings(qrsSettings, env, mustBeOn))) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    for (const problem of error.message.split("\n")) console.error(shown(problem));
    return 78;
  }
}

process.exitCode = await main(process.argv.slice(2), process.env);
