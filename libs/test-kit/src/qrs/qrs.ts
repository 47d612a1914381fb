import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeCertificates } from "../certificates.js";
import { cleanUpAfter, type Scope } from "../clean-up.js";
import { freeTcpPort } from "../free-port.js";
import { answerTo, type QrsAnswer } from "./answer.js";
import type { Qrs, QrsBehaviour, QrsOptions, QrsRequest } from "./qrs-stand-in.js";
import { createStore } from "./store.js";

const defaultUser = "UserDirectory=Internal;UserId=sa_repository";

/**
 * A stand-in for the Qlik Repository Service on a free port of this machine: real HTTPS that demands the client
 * certificate of its own authority, the xrfkey pair and a known user, with QRS's filters, answers and refusals. It runs
 * in this process and ends with the scope.
 */
export async function startQrs(t: Scope, options: QrsOptions = {}): Promise<Qrs> {
  const names = { ...(options.serverNames === undefined ? {} : { serverNames: options.serverNames }) };
  let certificates = makeCertificates(t, names);
  const foreign = options.clientCertificates === "refused" ? makeCertificates(t) : undefined;
  const port = options.port ?? (await freeTcpPort());
  const users = (options.users ?? [defaultUser]).map(normalised);
  const store = createStore();
  const requests: QrsRequest[] = [];
  const sockets = new Set<Socket>();
  let behaviours: { readonly behaviour: QrsBehaviour; left: number }[] = [];
  let server: HttpsServer | undefined;

  function secureContext() {
    return {
      cert: readFileSync(certificates.serverCertFile),
      key: readFileSync(certificates.serverKeyFile),
      ca: readFileSync((foreign ?? certificates).caFile),
    };
  }

  function dropConnections(): void {
    for (const socket of sockets) socket.destroy();
  }

  async function start(): Promise<void> {
    if (server !== undefined) throw new Error("the stand-in QRS is already running");
    server = createServer({ ...secureContext(), requestCert: true, rejectUnauthorized: true }, (request, response) => {
      respond(request, response).catch(() => response.destroy());
    });
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  }

  async function stop(): Promise<void> {
    const stopping = server;
    if (stopping === undefined) return;
    server = undefined;
    stopping.close();
    dropConnections();
    await once(stopping, "close");
  }

  function behaviourFor(methodAndPath: string): QrsBehaviour {
    const found = behaviours.findLast(
      ({ behaviour, left }) => left > 0 && (behaviour.match?.test(methodAndPath) ?? true),
    );
    if (found === undefined) return {};
    found.left--;
    return found.behaviour;
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const url = new URL(request.url ?? "/", "https://localhost");
    const { method = "GET" } = request;
    const path = url.pathname.replace(/^\/qrs\//i, "");
    const user = headerOf(request, "x-qlik-user");
    requests.push({ method, path, query: url.searchParams, user });

    const { delayMs, status, body, silent } = behaviourFor(`${method} ${path}`);
    if (delayMs !== undefined) await delay(delayMs, undefined, { ref: false });
    if (silent === "before") return void request.destroy();
    const answer =
      status !== undefined
        ? { status, text: "This answer was set in the stand-in" }
        : (refusal(request, url, user) ??
          answerTo(store, { method, path, query: url.searchParams }, options.scriptLogWays ?? "both"));
    if (silent === "after") return void request.destroy();
    if (silent === "never") return;
    write(response, body === undefined ? answer : { status: answer.status, text: body });
  }

  function refusal(request: IncomingMessage, url: URL, user: string | undefined): QrsAnswer | undefined {
    const key = url.searchParams.get("xrfkey") ?? "";
    if (!/^\/qrs\//i.test(url.pathname)) return { status: 404, text: "Not found" };
    if (!/^[0-9A-Za-z]{16}$/.test(key))
      return { status: 400, text: "XSRF prevention check failed. Possible XSRF discovered." };
    if (headerOf(request, "x-qlik-xrfkey") !== key)
      return { status: 403, text: "XSRF prevention check failed. Possible XSRF discovered." };
    if (user === undefined || !users.includes(normalised(user))) return { status: 403, text: "Forbidden" };
    return undefined;
  }

  cleanUpAfter(t, stop);
  await start();
  const { clientCertFile: certFile, clientKeyFile: keyFile, caFile } = certificates;
  const url = `https://localhost:${port}`;
  return {
    ...store,
    url,
    port,
    certFile,
    keyFile,
    caFile,
    environment: { QRS_URL: url, QRS_CERT_FILE: certFile, QRS_KEY_FILE: keyFile, QRS_CA_FILE: caFile },
    requests,
    count: (match) => requests.filter(({ method, path }) => match.test(`${method} ${path}`)).length,
    connections: () => sockets.size,
    behave(behaviour) {
      const entry = { behaviour, left: behaviour.times ?? Number.POSITIVE_INFINITY };
      behaviours.push(entry);
      return () => {
        behaviours = behaviours.filter((one) => one !== entry);
      };
    },
    behaveWell: () => {
      behaviours = [];
    },
    stop,
    start,
    breakTls() {
      const other = makeCertificates(t);
      server?.setSecureContext({
        ...secureContext(),
        cert: readFileSync(other.serverCertFile),
        key: readFileSync(other.serverKeyFile),
      });
      dropConnections();
    },
    mendTls() {
      server?.setSecureContext(secureContext());
      dropConnections();
    },
    renewCertificates() {
      certificates = makeCertificates(t, { ...names, dir: dirname(certificates.caFile) });
      server?.setSecureContext(secureContext());
      dropConnections();
    },
  };
}

function write(response: ServerResponse, { status, json, text }: QrsAnswer): void {
  const body = json === undefined ? (text ?? "") : JSON.stringify(json);
  response.writeHead(status, { "content-type": json === undefined ? "text/plain; charset=utf-8" : "application/json" });
  response.end(body);
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** QRS does not mind case and blanks in it. */
function normalised(user: string): string {
  return user
    .toLowerCase()
    .replace(/\s*;\s*/g, ";")
    .trim();
}
