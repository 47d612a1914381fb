import { SettingsError } from "@sense-alerts/service-kit";
import { sendTestAlert } from "@sense-alerts/test-alert";
import { watchAt } from "./send-test-alert/watch.js";
import { shown } from "./terminal.js";

const print = (text: string) => console.log(text.split("\n").map(shown).join("\n"));
const printError = (text: string) => console.error(text.split("\n").map(shown).join("\n"));

try {
  process.exitCode = await sendTestAlert(process.argv.slice(2), {
    command: "npm run send-test-alert --",
    defaults: { host: "127.0.0.1", port: 9998, ingest: [] },
    print,
    printError,
    watchAt: watchAt(process.env),
  });
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  printError(error.message);
  process.exitCode = 78;
}
