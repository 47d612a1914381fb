import { isIPv6 } from "node:net";
import { commonSettings, loadSettings, ownHost, SettingsError } from "@sense-alerts/service-kit";
import { type Defaults, sendTestAlert } from "@sense-alerts/test-alert";
import { udpIngestSettings } from "../settings.js";

// `node send-test-alert.js --help`, beside the running service and with its environment, which says where that listens.
// The same as `npm run send-test-alert`, but that it cannot wait at the broker: there is no MQTT client here.
function defaultsOf(env: NodeJS.ProcessEnv): Defaults {
  const { UDP_HOST, UDP_PORT } = udpIngestSettings;
  const { HTTP_HOST, HTTP_PORT } = commonSettings;
  const settings = loadSettings({ UDP_HOST, UDP_PORT, HTTP_HOST, HTTP_PORT }, env);
  const httpHost = ownHost(settings.HTTP_HOST);
  const url = `http://${isIPv6(httpHost) ? `[${httpHost}]` : httpHost}:${settings.HTTP_PORT}`;
  return {
    host: ownHost(settings.UDP_HOST),
    port: settings.UDP_PORT === 0 ? 9998 : settings.UDP_PORT,
    ingest: settings.HTTP_PORT === 0 ? [] : [url],
  };
}

const print = (line: string) => void process.stdout.write(`${line}\n`);
const printError = (line: string) => void process.stderr.write(`${line}\n`);

try {
  process.exitCode = await sendTestAlert(process.argv.slice(2), {
    command: "node dist/src/commands/send-test-alert.js",
    defaults: defaultsOf(process.env),
    print,
    printError,
  });
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  printError(error.message);
  process.exitCode = 78;
}
