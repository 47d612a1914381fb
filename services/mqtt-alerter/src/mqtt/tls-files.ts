import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { MqttOptions } from "./mqtt-options.js";

export type TlsFiles = { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };

const unusableTlsFile =
  "a TLS file cannot be used, its former content is (check MQTT_TLS_CA_FILE, MQTT_TLS_CERT_FILE and MQTT_TLS_KEY_FILE)";

/**
 * Reads the TLS files, now and at each call, so that a renewed certificate is used without a restart. Throws when they
 * cannot be used now; later the former content is used then.
 */
export function createTlsFiles(options: MqttOptions, onTrouble: (reason: string, error: unknown) => void) {
  let files = readTlsFiles(options);
  return (): TlsFiles => {
    try {
      files = readTlsFiles(options);
    } catch (error) {
      onTrouble(unusableTlsFile, error);
    }
    return files;
  };
}

/** Throws when one cannot be read, or cannot be used: half written, say, or a key of another certificate. */
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
