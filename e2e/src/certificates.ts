import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Scope, tempDir } from "@sense-alerts/test-kit";

/** PEM files: paths, as the services and servers want them. */
export interface Certificates {
  readonly caFile: string;
  /** For 127.0.0.1 and localhost. */
  readonly serverCertFile: string;
  readonly serverKeyFile: string;
  readonly clientCertFile: string;
  readonly clientKeyFile: string;
}

/** An authority, a server and a client certificate by it, made with openssl and gone when the scope ends. */
export function makeCertificates(t: Scope): Certificates {
  const dir = tempDir(t);
  const file = (name: string) => join(dir, name);
  // Not the system's own configuration: its default extensions make an authority of every certificate.
  writeFileSync(file("openssl.cnf"), "[req]\ndistinguished_name = dn\n[dn]\n");

  function make(name: string, extension: string, ...signer: string[]): void {
    const args = ["req", "-x509", "-config", file("openssl.cnf"), "-days", "2", "-subj", `/CN=sense-alerts ${name}`];
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", file(`${name}.key`)];
    run([...args, ...key, "-out", file(`${name}.pem`), "-addext", extension, ...signer]);
  }

  const signer = ["-CA", file("ca.pem"), "-CAkey", file("ca.key")];
  make("ca", "basicConstraints=critical,CA:TRUE");
  make("server", "subjectAltName=IP:127.0.0.1,DNS:localhost", ...signer);
  make("client", "extendedKeyUsage=clientAuth", ...signer);
  return {
    caFile: file("ca.pem"),
    serverCertFile: file("server.pem"),
    serverKeyFile: file("server.key"),
    clientCertFile: file("client.pem"),
    clientKeyFile: file("client.key"),
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
