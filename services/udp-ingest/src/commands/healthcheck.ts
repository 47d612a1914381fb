import { checkHealth } from "@sense-alerts/service-kit";

// `node healthcheck.js [path]`, beside the running service and with its environment: exits with 0 when /readyz, or the
// path given, answers 2xx. For containers, whose images have neither curl nor wget.
const { healthy, text } = await checkHealth(process.env, process.argv[2] ?? "/readyz");
process.stdout.write(`${text}\n`);
process.exitCode = healthy ? 0 : 1;
