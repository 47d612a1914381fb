import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { QrsSettings } from "@sense-alerts/mqtt-alerter/qrs-settings";
import { bad, type Finding, good } from "./step.js";

/** That the certificates can be used today; that they can be read and the key fits is a matter of the settings. */
export function lookAtFiles(settings: QrsSettings, nowMs: number): Finding {
  for (const name of ["QRS_CERT_FILE", "QRS_CA_FILE"] as const) {
    const path = settings[name];
    if (path === undefined) continue;
    const { validFrom, validTo } = new X509Certificate(readFileSync(path));
    if (Date.parse(validTo) < nowMs) {
      return bad(
        `the certificate in ${name} has expired on ${dayOf(validTo)}`,
        "export the certificates again from the QMC",
      );
    }
    if (Date.parse(validFrom) > nowMs) {
      return bad(`the certificate in ${name} is valid from ${dayOf(validFrom)} on`, "set the clock of this machine");
    }
  }
  const { QRS_CERT_FILE, QRS_CA_FILE, QRS_TLS_INSECURE } = settings;
  const until = QRS_CERT_FILE === undefined ? "" : dayOf(new X509Certificate(readFileSync(QRS_CERT_FILE)).validTo);
  const trust = QRS_TLS_INSECURE
    ? "; QRS_TLS_INSECURE=true: any server is trusted"
    : QRS_CA_FILE === undefined
      ? "; QRS_CA_FILE is not set: the authorities of node are trusted, which Sense's own is not among"
      : "";
  return good(`client certificate and key fit each other, valid until ${until}${trust}`);
}

export function dayOf(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}
