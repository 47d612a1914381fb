import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Scope } from "./clean-up.js";
import { tempDir } from "./temp-dir.js";

/** PEM files: paths, as the services and servers want them. */
export interface Certificates {
  readonly caFile: string;
  /** For 127.0.0.1 and localhost. */
  readonly serverCertFile: string;
  readonly serverKeyFile: string;
  readonly clientCertFile: string;
  readonly clientKeyFile: string;
}

export interface CertificatesOptions {
  /** Where they are written, over those that are there; a folder of their own if left out. */
  readonly dir?: string;
  /** Whom the server's certificate is for, in openssl's words. */
  readonly serverNames?: string;
}

/** An authority, a server and a client certificate by it, made with openssl and gone when the scope ends. */
export function makeCertificates(t: Scope, options: CertificatesOptions = {}): Certificates {
  const { dir = tempDir(t), serverNames = "IP:127.0.0.1,DNS:localhost" } = options;
  const file = (name: string) => join(dir, name);
  // Not the system's own configuration: its default extensions make an authority of every certificate.
  writeFileSync(file("openssl.cnf"), "[req]\ndistinguished_name = dn\n[dn]\n");

  function make(name: string, extension: string, ...signer: string[]): void {
    const args = ["req", "-x509", "-config", file("openssl.cnf"), "-days", "2", "-subj", `/CN=sense-alerts ${name}`];
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", file(`${name}_key.pem`)];
    run([...args, ...key, "-out", file(`${name}.pem`), "-addext", extension, ...signer]);
  }

  const signer = ["-CA", file("root.pem"), "-CAkey", file("root_key.pem")];
  make("root", "basicConstraints=critical,CA:TRUE");
  make("server", `subjectAltName=${serverNames}`, ...signer);
  make("client", "extendedKeyUsage=clientAuth", ...signer);
  return {
    caFile: file("root.pem"),
    serverCertFile: file("server.pem"),
    serverKeyFile: file("server_key.pem"),
    clientCertFile: file("client.pem"),
    clientKeyFile: file("client_key.pem"),
  };
}

function run(args: readonly string[]): void {
  try {
    execFileSync("openssl", args, { stdio: "pipe" });
  } catch (error) {
    throw new Error("openssl 3 could not make a certificate: is it installed? (node tools/prepare.mjs --servers)", {
      cause: error,
    });
  }
}
