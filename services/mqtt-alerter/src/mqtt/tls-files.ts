import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { MqttOptions } from "./mqtt-options.js";

export type TlsFiles = { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };

/** What the TLS files hold now. Throws when one cannot be read, or cannot be used: half written, say, or a key of another certificate. */
export function readTlsFiles(options: MqttOptions): TlsFiles {
  const files = {
    ...(options.tlsCaFile === undefined ? {} : { ca: readFileSync(options.tlsCaFile) }),
    ...(options.tlsCertFile === undefined ? {} : { cert: readFileSync(options.tlsCertFile) }),
    ...(options.tlsKeyFile === undefined ? {} : { key: readFileSync(options.tlsKeyFile) }),
  };
  // What is wrong in them is thrown here, and not by MQTT.js in a timer, where it would end the process.
  createSecureContext(files);
  return files;
}
