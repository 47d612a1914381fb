import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  findProgram,
  freeTcpPort,
  makeCertificates,
  type Scope,
  startMosquitto,
  tempDir,
} from "@sense-alerts/test-kit";
import type { BrokerOptions, BrokerSource, StartedBroker } from "./broker-source.js";

const users = ["admin", "alerter"] as const;

/** Mosquitto as an installed program. */
export const installedMosquitto: BrokerSource = {
  name: "mosquitto",
  speaksMqtt5: true,
  can: new Set(["auth", "allow", "receive-max", "tls", "ws"]),
  forgetsAtRestart: false,
  start,
};

async function start(scope: Scope, options: BrokerOptions): Promise<StartedBroker> {
  const { auth, allow, receiveMax, tls } = options;
  const dir = tempDir(scope);
  const wsPort = await freeTcpPort();
  const tlsPort = await freeTcpPort();
  const certificates = tls ? makeCertificates(scope) : undefined;
  const config = ["persistence true", "autosave_interval 1"];
  if (receiveMax !== undefined) config.push(`max_inflight_messages ${receiveMax}`);
  if (auth) {
    const file = join(dir, "passwords");
    writeFileSync(file, users.map((user) => `${user}:${user}-secret\n`).join(""), { mode: 0o600 });
    execFileSync(findProgram("mosquitto_passwd"), ["-U", file]);
    config.push("allow_anonymous false", `password_file ${file}`);
  }
  if (allow !== undefined) {
    const file = join(dir, "rules");
    const may = allow.map((topic) => `topic write ${topic}`);
    writeFileSync(file, ["user admin", "topic readwrite #", "user alerter", "topic read #", ...may, ""].join("\n"));
    config.push(`acl_file ${file}`);
  }
  config.push(`listener ${wsPort} 127.0.0.1`, "protocol websockets");
  if (certificates !== undefined) {
    const { serverCertFile, serverKeyFile } = certificates;
    config.push(`listener ${tlsPort} 127.0.0.1`, `certfile ${serverCertFile}`, `keyfile ${serverKeyFile}`);
  }
  const server = await startMosquitto(scope, { config: config.join("\n") });
  const login = (user: (typeof users)[number]) => (auth ? { username: user, password: `${user}-secret` } : undefined);
  return {
    version: /mosquitto version (\S+) starting/.exec(server.log())?.[1] ?? "unknown",
    mqttUrl: server.url,
    mqtt311Url: server.url,
    wsUrl: `ws://127.0.0.1:${wsPort}`,
    mqttsUrl: tls ? `mqtts://localhost:${tlsPort}` : undefined,
    caFile: certificates?.caFile,
    admin: login("admin"),
    alerter: login("alerter"),
    kill: () => server.stop("SIGKILL"),
    startAgain: () => server.start(),
  };
}
