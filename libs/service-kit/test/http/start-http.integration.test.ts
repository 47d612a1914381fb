import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, get, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { withDeadline } from "@sense-alerts/link-kit";
import { createStatusPage } from "../../src/http/status-page/create-status-page.js";
import { createHealth, createMetrics, type HttpLimits, HttpListenError, startHttp } from "../../src/index.js";

async function startProbe(t: TestContext, limits: Partial<HttpLimits> = {}) {
  const lines: { msg: string; fields: Record<string, unknown> }[] = [];
  const log = (fields: object, msg: string) => void lines.push({ msg, fields: { ...fields } });
  const health = createHealth();
  const metrics = createMetrics("probe");
  const logger = { info: log, error: log };
  const statusPage = createStatusPage({ detail: "full", name: "probe <1>", instance: "i-1", health, logger });
  const parts = { health, metrics, statusPage, logger };
  const http = await startHttp({ host: "127.0.0.1", port: 0, limits, ...parts });
  t.after(() => http.close());
  return { http, health, metrics, lines, url: `http://127.0.0.1:${http.port}`, parts };
}

/** What a raw socket gets to read until the server ends the connection. */
async function readAll(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}); // A reset is an end, too.
  let text = "";
  socket.on("data", (chunk) => {
    text += String(chunk);
  });
  socket.write(bytes);
  await withDeadline(once(socket, "close"), 5000, "end of connection");
  return text;
}

test("logs the real port and says that the process is alive", async (t) => {
  const { http, lines, url } = await startProbe(t);
  assert.deepEqual(lines, [{ msg: "http server listening", fields: { host: "127.0.0.1", port: http.port } }]);
  assert.notEqual(http.port, 0);
  const response = await fetch(`${url}/livez?verbose`);
  assert.deepEqual([response.status, await response.text()], [200, "ok\n"]);
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
});

test("answers readyz with the report, and with 503 unless it is ready", async (t) => {
  const { health, url } = await startProbe(t);
  let up = true;
  health.link("nats", { required: true, state: () => ({ up, servers: 3 }) });
  const readyz = async () => {
    const response = await fetch(`${url}/readyz`);
    return [response.status, await response.json()];
  };
  const nats = { required: true, up: true, servers: 3 };
  assert.deepEqual(await readyz(), [503, { ready: false, starting: true, stopping: false, links: { nats } }]);
  health.markStarted();
  assert.deepEqual(await readyz(), [200, { ready: true, starting: false, stopping: false, links: { nats } }]);
  up = false;
  assert.equal((await readyz())[0], 503);
  up = true;
  health.markStopping();
  assert.equal((await readyz())[0], 503);
});

test("serves the metrics of the service", async (t) => {
  const { metrics, url } = await startProbe(t);
  metrics.counter({ name: "sensealerts_probe_total", help: "Probe" }).inc(5);
  const response = await fetch(`${url}/metrics`);
  assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assert.match(await response.text(), /^sensealerts_probe_total 5$/m);
});

test("serves an escaped status page under a strict policy", async (t) => {
  const { url } = await startProbe(t);
  const response = await fetch(`${url}/`);
  assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
  assert.match(
    response.headers.get("content-security-policy") ?? "",
    /^default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'/,
  );
  assert.match(await response.text(), /<h1>probe &#60;1&#62;<\/h1>/);
});

test("answers HEAD like GET without the body", async (t) => {
  const { http, url } = await startProbe(t);
  const length = (await (await fetch(`${url}/`)).text()).length;
  const answer = await readAll(http.port, "HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  assert.ok(answer.endsWith("\r\n\r\n"), answer);
  const announced = Number(/content-length: (\d+)/.exec(answer)?.[1]);
  assert.ok(announced >= length, answer);
});

test("refuses other paths, other methods and request bodies in plain text", async (t) => {
  const { http, url } = await startProbe(t);
  for (const path of ["/nothing", "/livez/", "//", "/__proto__", "/..%2f"]) {
    const response = await fetch(url + path);
    assert.deepEqual([response.status, await response.text()], [404, "not found\n"], path);
  }
  for (const method of ["POST", "DELETE", "OPTIONS"]) {
    const response = await fetch(`${url}/readyz`, { method });
    assert.deepEqual([response.status, response.headers.get("allow")], [405, "GET, HEAD"], method);
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain/);
  }
  const chunked = "GET /livez HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
  assert.match(await readAll(http.port, chunked), /^HTTP\/1\.1 413 /);
  const withBody = request(`${url}/livez`, { method: "GET", headers: { "content-length": 1_000_000 } });
  withBody.flushHeaders();
  const [response] = (await once(withBody, "response")) as [IncomingMessage];
  withBody.on("error", () => {});
  assert.equal(response.statusCode, 413);
  response.destroy();
});

test("answers 500 and logs when a metric cannot be read", async (t) => {
  const { metrics, url, lines } = await startProbe(t);
  metrics.gauge({
    name: "sensealerts_broken",
    help: "Broken",
    collect: () => {
      throw new Error("no such file");
    },
  });
  const response = await fetch(`${url}/metrics`);
  assert.deepEqual([response.status, await response.text()], [500, "internal error\n"]);
  const { msg, fields } = lines.at(-1) ?? {};
  assert.deepEqual(
    [msg, fields?.["path"], String(fields?.["err"])],
    ["http request failed", "/metrics", "Error: no such file"],
  );
});

test("ends a connection that is slow to ask, and one that asks too much", async (t) => {
  const { http } = await startProbe(t, { headersTimeoutMs: 100, requestTimeoutMs: 100 });
  assert.match(await readAll(http.port, "GET /livez HTTP/1.1\r\nhost: x\r\n"), /^HTTP\/1\.1 408 /);
  const endless = `GET /livez HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(9000)}\r\n\r\n`;
  assert.match(await readAll(http.port, endless), /^HTTP\/1\.1 431 /);
});

test("bounds the number of connections", async (t) => {
  const { http } = await startProbe(t, { maxConnections: 1 });
  const first = connect(http.port, "127.0.0.1");
  first.write("GET /livez HTTP/1.1\r\nhost: x\r\n\r\n");
  await once(first, "data");
  assert.equal(await readAll(http.port, "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"), "");
  first.destroy();
});

test("says which setting to change when it cannot listen", async (t) => {
  const { http, parts } = await startProbe(t);
  await assert.rejects(startHttp({ host: "127.0.0.1", port: http.port, ...parts }), (error) => {
    assert.ok(error instanceof HttpListenError);
    assert.deepEqual([error.code, error.port], ["port-taken", http.port]);
    assert.match(error.message, new RegExp(`port ${http.port} on 127\\.0\\.0\\.1 is taken .* set HTTP_PORT`));
    return true;
  });
  await assert.rejects(startHttp({ host: "192.0.2.1", port: 0, ...parts }), (error) => {
    assert.ok(error instanceof HttpListenError);
    assert.equal(error.code, "address-unknown");
    assert.match(error.message, /no address 192\.0\.2\.1; set HTTP_HOST/);
    return true;
  });
});

test("closes at once although a client keeps its connection open", async (t) => {
  const { http, url } = await startProbe(t, { closeGraceMs: 60_000, keepAliveTimeoutMs: 60_000 });
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const [response] = (await once(get(`${url}/livez`, { agent }), "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  await withDeadline(http.close(), 5000, "close");
  await assert.rejects(fetch(`${url}/livez`));
});

test("lets an answer under way finish when it closes, and then ends its connection", async (t) => {
  const { http, metrics, url } = await startProbe(t, { closeGraceMs: 60_000, keepAliveTimeoutMs: 60_000 });
  const { promise: scraped, resolve: scrape } = gate();
  const { promise: go, resolve: letGo } = gate();
  metrics.gauge({
    name: "sensealerts_slow",
    help: "Slow",
    collect: async (gauge) => {
      scrape();
      await go;
      gauge.set(1);
    },
  });
  const answer = fetch(`${url}/metrics`);
  await scraped;
  const closing = http.close();
  letGo();
  assert.match(await (await answer).text(), /^sensealerts_slow 1$/m);
  await withDeadline(closing, 5000, "close");
});

test("ends an answer that does not finish within the grace", async (t) => {
  const { http, metrics, url } = await startProbe(t, { closeGraceMs: 20 });
  const { promise: scraped, resolve: scrape } = gate();
  metrics.gauge({
    name: "sensealerts_stuck",
    help: "Stuck",
    collect: () => {
      scrape();
      return new Promise(() => {});
    },
  });
  const answer = assert.rejects(fetch(`${url}/metrics`));
  await scraped;
  await withDeadline(http.close(), 5000, "close");
  await http.close();
  await answer;
});

function gate() {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((resolvePromise) => {
    resolve = resolvePromise;
  });
  return { promise, resolve };
}
