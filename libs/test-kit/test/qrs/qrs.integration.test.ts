import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { test } from "node:test";
import { startQrs } from "../../src/qrs/qrs.js";
import type { Qrs } from "../../src/qrs/qrs-stand-in.js";

const key = "0123456789abcdef";
const rightHeaders = { "x-qlik-xrfkey": key, "x-qlik-user": "userdirectory=internal; userid=SA_REPOSITORY" };

type Asked = {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly withoutCertificate?: boolean;
};

/** Status and body of one request on a connection of its own. */
function ask(qrs: Qrs, path: string, asked: Asked = {}): Promise<{ status: number | undefined; body: string }> {
  const certificate = { cert: readFileSync(qrs.certFile), key: readFileSync(qrs.keyFile) };
  const options = {
    method: asked.method ?? "GET",
    headers: asked.headers ?? rightHeaders,
    agent: false,
    ca: readFileSync(qrs.caFile),
    ...(asked.withoutCertificate === true ? {} : certificate),
  };
  return new Promise((resolve, reject) => {
    const sent = request(`${qrs.url}/qrs/${path}`, options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode, body }));
    });
    sent.on("error", reject).end();
  });
}

test("the stand-in QRS lets nobody in without certificate, xrfkey pair and user", async (t) => {
  const qrs = await startQrs(t);
  await assert.rejects(ask(qrs, `about?xrfkey=${key}`, { withoutCertificate: true }));
  assert.equal((await ask(qrs, "about")).status, 400);
  assert.equal((await ask(qrs, "about?xrfkey=short")).status, 400);
  assert.equal((await ask(qrs, "about?xrfkey=fedcba9876543210")).status, 403);
  const { "x-qlik-user": user, ...userless } = rightHeaders;
  assert.equal((await ask(qrs, `about?xrfkey=${key}`, { headers: userless })).status, 403);
  const stranger = { ...userless, "x-qlik-user": user.replace("REPOSITORY", "x") };
  assert.equal((await ask(qrs, `about?xrfkey=${key}`, { headers: stranger })).status, 403);
  assert.equal((await ask(qrs, `about?xrfkey=${key}`)).status, 200);
});

test("the stand-in QRS lists, counts and tells one, and has the type of a task in its path", async (t) => {
  const qrs = await startQrs(t);
  const task = qrs.addTask({ name: "it's", taskType: 1 });
  const app = qrs.addApp({ name: "Sales" });
  const got = async (path: string) => {
    const { status, body } = await ask(qrs, `${path}${path.includes("?") ? "&" : "?"}xrfkey=${key}`);
    return status === 200 ? JSON.parse(body) : status;
  };
  assert.deepEqual(await got(`task?filter=name%20eq%20'it''s'`), [{ id: task.id, name: "it's", privileges: null }]);
  assert.equal((await got(`task/full?filter=id%20eq%20${task.id}`))[0].taskType, 1);
  assert.deepEqual(await got("app/count"), { value: 1 });
  assert.equal((await got(`app/${app.id}`)).name, "Sales");
  assert.equal((await got(`externalprogramtask/${task.id}`)).name, "it's");
  assert.equal(await got(`reloadtask/${task.id}`), 404);
  assert.equal(await got("task?filter=name%20eq%20it's"), 400);
});

test("the stand-in QRS starts a task by both calls, and tells its session as long as it runs", async (t) => {
  const qrs = await startQrs(t);
  const { id } = qrs.addTask({ name: "T" });
  const post = (path: string) => ask(qrs, `${path}?xrfkey=${key}`, { method: "POST" });
  assert.deepEqual(await post(`task/${id}/start`), { status: 204, body: "" });
  const { status, body } = await post(`task/${id}/start/synchronous`);
  assert.deepEqual([status, JSON.parse(body).value], [201, qrs.starts[1]?.sessionId]);
  assert.equal((await post(`task/${randomUUID()}/start/synchronous`)).status, 404);
  const executionId = randomUUID();
  const session = async () => (await ask(qrs, `executionsession/${executionId}?xrfkey=${key}`)).status;
  qrs.setExecution(id, { executionId, status: 2 });
  assert.equal(await session(), 200);
  assert.match((await post(`task/${id}/start/synchronous`)).body, /"0{8}-/);
  qrs.setExecution(id, { executionId, status: 7 });
  assert.equal(await session(), 404);
  assert.equal(qrs.starts.length, 2);
});

test("the stand-in QRS vanishes and comes back with what it knew, and its TLS breaks and is mended", async (t) => {
  const qrs = await startQrs(t);
  qrs.addTask({ name: "T" });
  const path = `task/count?xrfkey=${key}`;
  await qrs.stop();
  await assert.rejects(ask(qrs, path), { code: "ECONNREFUSED" });
  await qrs.start();
  assert.equal((await ask(qrs, path)).body, '{"value":1}');
  qrs.breakTls();
  await assert.rejects(ask(qrs, path));
  qrs.mendTls();
  assert.equal((await ask(qrs, path)).status, 200);
});

test("the stand-in QRS behaves as it is told, for as long as it is told", async (t) => {
  const qrs = await startQrs(t);
  const path = `task/count?xrfkey=${key}`;
  qrs.behave({ match: /task/, status: 503, times: 1 });
  assert.equal((await ask(qrs, `app/count?xrfkey=${key}`)).status, 200);
  assert.equal((await ask(qrs, path)).status, 503);
  assert.equal((await ask(qrs, path)).status, 200);
  const takeBack = qrs.behave({ silent: "before" });
  await assert.rejects(ask(qrs, path));
  takeBack();
  qrs.behave({ delayMs: 60 });
  const startMs = performance.now();
  assert.equal((await ask(qrs, path)).status, 200);
  assert.ok(performance.now() - startMs >= 59);
  assert.equal(qrs.count(/^GET task\/count$/), 4);
});
