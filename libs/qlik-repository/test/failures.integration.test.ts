import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually, freeTcpPort, startQrs, tempDir } from "@sense-alerts/test-kit";
import { RepositoryError, type RepositoryErrorCode } from "../src/repository-error.js";
import { repositoryOf, startBoth } from "./fixtures/repository.js";

const taskId = randomUUID();
/** Does not go on for long, and has time enough for one request on a busy machine. */
const quick = { timeoutMs: 5_000, breaker: { failures: 2 } };
const impatient = { timeoutMs: 1_000 };

function failsWith(code: RepositoryErrorCode, message: RegExp) {
  return (error: unknown) => {
    assert(error instanceof RepositoryError, String(error));
    assert.deepEqual([error.code, message.test(error.message)], [code, true], `${error.code}: ${error.message}`);
    return true;
  };
}

for (const [status, code, message] of [
  [400, "refused", /refuses the question \(400\)/],
  [401, "not-authorised", /check QRS_USER/],
  [403, "not-authorised", /check QRS_USER/],
  [404, "not-found", /no such entity/],
  [302, "invalid-answer", /the proxy \(443\)/],
  [429, "busy", /overloaded/],
  [503, "busy", /overloaded/],
] as const) {
  test(`calls an answer of ${status} ${code}`, async (t) => {
    const { qrs, repository } = await startBoth(t, quick);
    qrs.behave({ status, body: "SECRET of QRS" });
    await assert.rejects(repository.task(taskId), (error: RepositoryError) => {
      assert.doesNotMatch(error.message, /SECRET/);
      return error.status === status && failsWith(code, message)(error);
    });
  });
}

for (const [name, body] of [
  ["no JSON", "<html>Sign in</html>"],
  ["no list", '{"id":"x"}'],
  ["a list of something else", '[{"id":"22b106a8-e7ed-4466-b700-014f060bef16","name":7,"taskType":0}]'],
  ["a GUID that is none", '[{"id":"../../user","name":"T","taskType":0}]'],
  ["nothing", ""],
] as const) {
  test(`calls ${name} an invalid answer`, async (t) => {
    const { qrs, repository } = await startBoth(t);
    qrs.behave({ body });
    await assert.rejects(repository.task(taskId), failsWith("invalid-answer", /the answer about the task/));
  });
}

test("reports an answer of 200 that is not one of QRS as a failure, and says what answers", async (t) => {
  const outcomes: string[] = [];
  const { qrs, repository } = await startBoth(t, { onRequest: ({ outcome }) => outcomes.push(outcome) });
  qrs.behave({ body: "<!DOCTYPE html><title>Sign in</title>" });
  await assert.rejects(
    repository.task(taskId),
    failsWith("invalid-answer", /a web page, such as the login page of the proxy/),
  );
  qrs.behave({ body: '{"error":"who are you"}' });
  await assert.rejects(repository.task(taskId), failsWith("invalid-answer", /not what QRS promises/));
  assert.deepEqual(outcomes, ["invalid-answer", "invalid-answer"]);
});

test("does not read an answer that is larger than allowed", async (t) => {
  const { qrs, repository } = await startBoth(t, { maxAnswerBytes: 10_000 });
  qrs.behave({ body: `[${" ".repeat(20_000)}]` });
  await assert.rejects(repository.task(taskId), failsWith("invalid-answer", /too large/));
  qrs.behave({ body: `[${" ".repeat(9_000)}]` });
  assert.equal(await repository.task(taskId), undefined);
});

test("says that nobody listens, or that no such host is known", async (t) => {
  const { qrs } = await startBoth(t);
  const nobody = repositoryOf(t, qrs, { ...quick, url: `https://127.0.0.1:${await freeTcpPort()}` });
  await assert.rejects(nobody.task(taskId), failsWith("unreachable", /nobody listens at 127/));
  const unknown = repositoryOf(t, qrs, { ...quick, url: "https://no-such-host.invalid:4242" });
  await assert.rejects(unknown.task(taskId), failsWith("unreachable", /the name in no-such-host.invalid:4242/));
});

test("says what is wrong with certificates: not trusted, for another host, refused, absent, unreadable", async (t) => {
  const { qrs } = await startBoth(t);
  const other = await startQrs(t);
  const untrusted = repositoryOf(t, qrs, { ...quick, caFile: other.caFile });
  await assert.rejects(untrusted.task(taskId), failsWith("tls", /is not trusted: set QRS_CA_FILE/));
  const { certFile, keyFile } = other;
  const refused = repositoryOf(t, qrs, { ...quick, certFile, keyFile });
  await assert.rejects(refused.task(taskId), failsWith("tls", /does it refuse the client certificate/));
  const absent = repositoryOf(t, qrs, { ...quick, certFile: undefined, keyFile: undefined });
  await assert.rejects(absent.task(taskId), failsWith("tls", /does not accept the client certificate/));
  const mixed = repositoryOf(t, qrs, { ...quick, certFile });
  await assert.rejects(mixed.task(taskId), failsWith("tls", /fit each other/));
  const lost = repositoryOf(t, qrs, { ...quick, certFile: "/nowhere/client.pem" });
  await assert.rejects(lost.task(taskId), failsWith("tls", /certificate file cannot be read/));
  const elsewhere = await startQrs(t, { serverNames: "DNS:sense.example.com" });
  await assert.rejects(repositoryOf(t, elsewhere, quick).task(taskId), failsWith("tls", /another host name/));
});

test("takes any server when told so", async (t) => {
  const { qrs } = await startBoth(t);
  const elsewhere = await startQrs(t, { serverNames: "DNS:sense.example.com" });
  const { certFile, keyFile, url } = elsewhere;
  const careless = repositoryOf(t, qrs, { url, certFile, keyFile, tlsInsecure: true });
  assert.equal(await careless.task(taskId), undefined);
});

test("says that the user is not known to QRS", async (t) => {
  const { qrs } = await startBoth(t);
  const stranger = repositoryOf(t, qrs, { user: "UserDirectory=LAB;UserId=stranger" });
  await assert.rejects(stranger.task(taskId), failsWith("not-authorised", /check QRS_USER/));
  assert.deepEqual(qrs.requests.at(-1)?.user, "UserDirectory=LAB;UserId=stranger");
});

test("keeps to its time, whatever QRS does", async (t) => {
  const { qrs, repository } = await startBoth(t, impatient);
  for (const behaviour of [{ silent: "never" }, { silent: "before" }, { delayMs: 3_000 }, { status: 503 }] as const) {
    const end = qrs.behave(behaviour);
    const startMs = performance.now();
    await assert.rejects(repository.task(taskId), RepositoryError);
    const ms = performance.now() - startMs;
    assert.ok(ms < 1_500, `${JSON.stringify(behaviour)}: ${ms} ms`);
    end();
    await eventually(() => repository.task(taskId)); // the breaker may be open
  }
});

test("asks again what can pass by itself, within its time", async (t) => {
  const { qrs, repository } = await startBoth(t, { timeoutMs: 5_000 });
  const { id } = qrs.addTask({ name: "T" });
  for (const behaviour of [{ status: 503 }, { status: 429 }, { silent: "before" }] as const) {
    qrs.behave({ ...behaviour, times: 2 });
    const before = qrs.requests.length;
    assert.equal((await repository.task(id))?.name, "T");
    assert.equal(qrs.requests.length - before, 3);
  }
  qrs.behave({ status: 403 });
  const before = qrs.requests.length;
  await assert.rejects(repository.task(id), RepositoryError);
  assert.equal(qrs.requests.length - before, 1);
});

test("asks on another connection when one is dead", async (t) => {
  const { qrs, repository } = await startBoth(t, { timeoutMs: 2_000 });
  const { id } = qrs.addTask({ name: "T" });
  qrs.behave({ silent: "never", times: 1 });
  assert.equal((await repository.task(id))?.name, "T");
});

test("keeps its connections, and opens no more than it may", async (t) => {
  const { qrs, repository } = await startBoth(t, { maxConnections: 3 });
  const { id } = qrs.addTask({ name: "T" });
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: 20 }, () => repository.task(id)));
    assert.ok(qrs.connections() <= 3, `${qrs.connections()} connections`);
  }
  assert.equal(qrs.count(/task\/full/), 100);
});

test("takes up certificates that were renewed in the same files", async (t) => {
  const { qrs, repository } = await startBoth(t);
  const { id } = qrs.addTask({ name: "T" });
  assert.equal((await repository.task(id))?.name, "T");
  qrs.renewCertificates();
  assert.equal((await repository.task(id))?.name, "T");
});

test("never repeats a start that may have reached QRS", async (t) => {
  const { qrs, repository } = await startBoth(t, impatient);
  const { id } = qrs.addTask({ name: "T" });
  for (const silent of ["after", "never"] as const) {
    const end = qrs.behave({ match: /^POST/, silent });
    const before = qrs.starts.length;
    await assert.rejects(repository.startTask(id), (error: RepositoryError) => error.sent);
    assert.equal(qrs.starts.length - before, 1);
    end();
  }
  qrs.behave({ match: /^POST/, status: 503 });
  await assert.rejects(repository.startTask(id), failsWith("busy", /overloaded/));
  assert.equal(qrs.count(/^POST/), 3);
});

test("starts a task once QRS is back, when the request had surely not reached it", async (t) => {
  const { qrs, repository } = await startBoth(t);
  const { id } = qrs.addTask({ name: "T" });
  await qrs.stop();
  const start = repository.startTask(id);
  await qrs.start();
  const sessionId = await start;
  assert.deepEqual(qrs.starts, [{ taskId: id, sessionId }]);
  await qrs.stop();
  const inVain = repositoryOf(t, qrs, quick).startTask(id);
  await assert.rejects(inVain, (error: RepositoryError) => !error.sent && error.code === "unreachable");
});

test("leaves QRS alone after failures in a row, says so, and asks again when it is back", async (t) => {
  const said: string[] = [];
  const qrs = await startQrs(t);
  const repository = repositoryOf(t, qrs, {
    ...quick,
    breaker: { failures: 3, minPauseMs: 200, maxPauseMs: 400 },
    onSuspended: ({ forMs, cause }) => said.push(`suspended ${cause.code} ${forMs <= 400}`),
    onResumed: () => said.push("resumed"),
  });
  await qrs.stop();
  await assert.rejects(repository.task(taskId), failsWith("unreachable", /nobody listens/));
  const startMs = performance.now();
  await assert.rejects(repository.task(taskId), failsWith("suspended", /is not asked for a while/));
  assert.ok(performance.now() - startMs < 100);
  await qrs.start();
  await eventually(() => repository.task(taskId));
  assert.equal(said[0], "suspended unreachable true");
  assert.equal(said.at(-1), "resumed");
});

test("is not suspended by refusals that are about one question alone", async (t) => {
  const { qrs, repository } = await startBoth(t, { breaker: { failures: 2 } });
  const { id } = qrs.addTask({ name: "T" });
  qrs.behave({ match: /^POST/, status: 403 });
  for (let times = 0; times < 5; times++) {
    await assert.rejects(repository.startTask(id), failsWith("not-authorised", /403/));
    await assert.rejects(repository.startTask(randomUUID()), RepositoryError);
  }
  assert.equal((await repository.task(id))?.name, "T");
});

test("reports each request with its outcome", async (t) => {
  const reports: string[] = [];
  const { qrs, repository } = await startBoth(t, {
    onRequest: ({ question, outcome, durationMs }) => reports.push(`${question} ${outcome} ${durationMs >= 0}`),
  });
  const { id } = qrs.addTask({ name: "T" });
  qrs.behave({ status: 503, times: 1 });
  await repository.task(id);
  await repository.startTask(id);
  assert.deepEqual(reports, ["task busy true", "task ok true", "start-task ok true"]);
});

test("ends what is under way when it is closed", async (t) => {
  const { qrs, repository } = await startBoth(t, { timeoutMs: 60_000 });
  qrs.behave({ silent: "never" });
  const asked = assert.rejects(repository.task(taskId), failsWith("unreachable", /closed/));
  await eventually(() => assert.equal(qrs.requests.length, 1));
  await repository.close();
  await asked;
  await assert.rejects(repository.task(taskId), RepositoryError);
  await eventually(() => assert.equal(qrs.connections(), 0));
});

test("tells no key, certificate or path's content in any message", async (t) => {
  const { qrs } = await startBoth(t);
  const broken = join(tempDir(t), "broken.pem");
  writeFileSync(broken, "-----BEGIN CERTIFICATE-----\nSECRETSECRET\n-----END CERTIFICATE-----\n");
  for (const files of [{ certFile: broken }, { keyFile: broken }, { caFile: broken }]) {
    const repository = repositoryOf(t, qrs, { ...quick, ...files });
    await assert.rejects(repository.task(taskId), (error: RepositoryError) => {
      assert.equal(error.code, "tls");
      assert.doesNotMatch(JSON.stringify([error.message, String(error.cause)]), /SECRET|BEGIN/);
      return true;
    });
  }
});

test("says why QRS could not be asked, and not that there was no time left for another attempt", async (t) => {
  const { qrs, repository } = await startBoth(t, { timeoutMs: 1_000, breaker: { failures: 100 } });
  qrs.behave({ silent: "never" });
  qrs.behave({ status: 503, times: 1 });
  await assert.rejects(repository.task(taskId), failsWith("busy", /overloaded/));
  assert.ok(qrs.requests.length >= 2);
});
