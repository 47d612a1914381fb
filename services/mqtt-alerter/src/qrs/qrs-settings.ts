import {
  checkEach,
  parsed,
  readableFile,
  type SettingsOf,
  tlsFilesCheck,
  toggle,
  url,
  wholeNumber,
} from "@sense-alerts/service-kit";

/** The settings of the Qlik Repository Service, which the alerter and qrs-check share. */
export const qrsSettings = {
  QRS_URL: url({
    protocols: ["https"],
    loginBelongsIn: "QRS_USER, QRS_CERT_FILE and QRS_KEY_FILE",
    default: undefined,
    example: "https://sense.example.com:4242",
    desc: "The Qlik Repository Service, which tells more of a task and starts tasks; without a port 4242 is taken; unset = off",
  }),
  QRS_CERT_FILE: readableFile({
    default: undefined,
    example: "/run/secrets/client.pem",
    desc: "Client certificate (PEM) for QRS: `client.pem` of the export from the QMC",
  }),
  QRS_KEY_FILE: readableFile({
    default: undefined,
    example: "/run/secrets/client_key.pem",
    desc: "Key (PEM) of the client certificate for QRS, without a password: `client_key.pem` of the export",
  }),
  QRS_CA_FILE: readableFile({
    default: undefined,
    example: "/run/secrets/root.pem",
    desc: "CA certificates (PEM) that QRS is checked by: `root.pem` of the export",
  }),
  QRS_TLS_INSECURE: toggle({ default: false, desc: "Takes any certificate of QRS: for tests only" }),
  QRS_USER: parsed(parseUser, {
    allowed: "of the form UserDirectory=<directory>;UserId=<user>",
    default: "UserDirectory=Internal;UserId=sa_repository",
    example: "UserDirectory=Internal;UserId=sa_repository",
    desc: "The user that QRS is asked as",
  }),
  QRS_TIMEOUT_SECONDS: wholeNumber({
    default: 10,
    min: 1,
    max: 300,
    desc: "How long QRS may take for an answer, retries included; so long a full message waits for it at most",
  }),
  QRS_CACHE_SECONDS: wholeNumber({
    default: 300,
    min: 0,
    max: 86_400,
    desc: "How long what QRS said of a task or an app is taken as still right",
  }),
  QRS_SCRIPT_LOG_LINES: wholeNumber({
    default: 0,
    min: 0,
    max: 1_000,
    desc: "Last lines of the script log in the full message; 0 = none",
  }),
};

export type QrsSettings = SettingsOf<typeof qrsSettings>;

/** QRS wants a client certificate, with the key that fits it, from everyone. */
export const checkQrsSettings = checkEach<QrsSettings>(
  ({ QRS_URL, QRS_CERT_FILE, QRS_KEY_FILE }) =>
    QRS_URL !== undefined && QRS_CERT_FILE === undefined && QRS_KEY_FILE === undefined
      ? [
          { name: "QRS_CERT_FILE", message: "must be set together with QRS_URL" },
          { name: "QRS_KEY_FILE", message: "must be set together with QRS_URL" },
        ]
      : [],
  tlsFilesCheck<"QRS_CA_FILE" | "QRS_CERT_FILE" | "QRS_KEY_FILE">({
    ca: "QRS_CA_FILE",
    cert: "QRS_CERT_FILE",
    key: "QRS_KEY_FILE",
  }),
);

function parseUser(given: string): string | undefined {
  const user = given.trim();
  return /^UserDirectory=[^;=]+;\s*UserId=[^;=]+$/i.test(user) && /^[\x20-\x7e]+$/.test(user) ? user : undefined;
}
