export type HttpListenFailure = "port-taken" | "address-unknown" | "not-permitted" | "failed";

const failures: Readonly<Record<string, HttpListenFailure>> = {
  EADDRINUSE: "port-taken",
  EADDRNOTAVAIL: "address-unknown",
  ENOTFOUND: "address-unknown",
  EACCES: "not-permitted",
};

/** The HTTP server cannot listen; the message names the setting that mends it. */
export class HttpListenError extends Error {
  override readonly name = "HttpListenError";
  readonly code: HttpListenFailure;
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number, cause: Error) {
    const code = failures["code" in cause ? String(cause.code) : ""] ?? "failed";
    super(`the HTTP server cannot listen: ${explanation(code, host, port)}`, { cause });
    this.code = code;
    this.host = host;
    this.port = port;
  }
}

function explanation(code: HttpListenFailure, host: string, port: number): string {
  switch (code) {
    case "port-taken":
      return `port ${port} on ${host} is taken by another program; set HTTP_PORT to a free one, or to 0 for any free one`;
    case "address-unknown":
      return `this machine has no address ${host}; set HTTP_HOST to one that it has, or to 0.0.0.0 for all`;
    case "not-permitted":
      return `this user may not open port ${port}; set HTTP_PORT to 1024 or above`;
    case "failed":
      return `port ${port} on ${host}; check HTTP_HOST and HTTP_PORT`;
  }
}
