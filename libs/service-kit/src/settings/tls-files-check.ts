import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { checkEach, type SettingsCheck } from "./settings-check.js";

type Paths<N extends string> = Readonly<Record<N, string | undefined>>;

/** The names of the settings that hold the paths of a client's TLS files. */
export interface TlsFileNames<N extends string> {
  readonly ca: N;
  readonly cert: N;
  readonly key: N;
}

const certificates = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Certificate and key are set together and fit each other, and the file of authorities holds certificates and nothing
 * broken.
 */
export function tlsFilesCheck<N extends string>(names: TlsFileNames<N>): SettingsCheck<Paths<N>> {
  const { ca, cert, key } = names;

  function together(paths: Paths<N>) {
    if ((paths[cert] === undefined) === (paths[key] === undefined)) return [];
    return paths[cert] === undefined
      ? [{ name: cert, message: `must be set together with ${key}` }]
      : [{ name: key, message: `must be set together with ${cert}` }];
  }

  function fitting({ [cert]: certFile, [key]: keyFile }: Paths<N>) {
    if (certFile === undefined || keyFile === undefined) return [];
    const reason = complaintOf(() => createSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile) }));
    if (reason === undefined) return [];
    return [{ name: cert, message: `must be a certificate (PEM) that ${key} fits: ${reason}` }];
  }

  /** Node passes over what it cannot read in it, and then trusts nobody. */
  function readable({ [ca]: caFile }: Paths<N>) {
    if (caFile === undefined) return [];
    const text = readFileSync(caFile, "latin1");
    const found = text.match(certificates) ?? [];
    const begun = text.split("-----BEGIN CERTIFICATE-----").length - 1;
    const reason =
      found.length === 0 || found.length !== begun
        ? "it holds no whole certificate"
        : complaintOf(() => found.map((pem) => new X509Certificate(pem)));
    return reason === undefined ? [] : [{ name: ca, message: `must hold certificates (PEM): ${reason}` }];
  }

  return checkEach<Paths<N>>(together, fitting, readable);
}

/** What OpenSSL says, which tells what is wrong with a file and nothing of what it holds. */
function complaintOf(use: () => unknown): string | undefined {
  try {
    use();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
