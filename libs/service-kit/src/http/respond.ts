import type { ServerResponse } from "node:http";

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends a whole answer that no cache keeps and no browser takes for another type. For HEAD, Node leaves the body out.
 */
export function respond(response: ServerResponse, { status, type, body, headers = {} }: Answer): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(body);
}

/** A refusal in plain text. The connection ends with it, so that a body that comes along need not be read. */
export function refuse(response: ServerResponse, status: number, body: string, headers = {}): void {
  respond(response, {
    status,
    type: "text/plain; charset=utf-8",
    body: `${body}\n`,
    headers: { ...headers, connection: "close" },
  });
}
