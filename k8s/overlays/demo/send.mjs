// Sends a datagram of each kind every 20 seconds, as the log appenders of Qlik Sense do.
//   node send.mjs HOST PORT
import { randomUUID } from "node:crypto";
import { createSocket } from "node:dgram";

const [host = "udp-ingest", port = "9998"] = process.argv.slice(2);
const taskId = randomUUID();
const appId = randomUUID();
const kinds = [
  ["/scheduler-task-failed/", "Max retries reached"],
  ["/scheduler-task-aborted/", "Execution State Change to Aborting"],
  ["/scheduler-task-success/", "Execution State Change to FinishedSuccess"],
];

process.on("SIGTERM", () => process.exit(0));
for (;;) {
  for (const [tag, message] of kinds) await send(tag, message);
  await new Promise((resolve) => setTimeout(resolve, 20_000));
}

/** A new socket each time, so that every pod of udp-ingest gets its share. */
async function send(tag, message) {
  const time = new Date().toISOString().replace("T", " ").replace(".", ",").replace("Z", "");
  const ids = [taskId, appId, time, "INFO", randomUUID(), message];
  const text = [tag, "sense-demo", "Reload of Sales", "Sales", "DEMO\\anna", ...ids].join(";");
  const socket = createSocket("udp4");
  await new Promise((resolve) => {
    socket.send(text, Number(port), host, (error) => {
      console.log(error === null ? `sent ${text}` : `not sent: ${error.message}`);
      socket.close(resolve);
    });
  });
}
