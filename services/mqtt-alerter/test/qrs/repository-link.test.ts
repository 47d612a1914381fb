import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { RepositoryError, type RepositoryOptions } from "@sense-alerts/qlik-repository";
import { createLogger } from "@sense-alerts/service-kit";
import { eventually, startQrs } from "@sense-alerts/test-kit";
import { startRepositoryLink } from "../../src/qrs/repository-link.js";
import { createInMemoryRepository } from "../fixtures/repository.js";

const base = { url: "https://sense.example.com:4242", user: "UserDirectory=a;UserId=b", timeoutMs: 1_000 };
const defaultUser = "UserDirectory=Internal;UserId=sa_repository";
const gone = new RepositoryError("unreachable", "nobody listens at sense.example.com:4242");

function notingLogger() {
  const logged: string[] = [];
  const silent = createLogger({ name: "test", level: "silent", pretty: false, instance: "test" });
  const note = (_facts: object, message: string) => logged.push(message);
  return { logger: Object.assign(Object.create(silent), { info: note, warn: note }), logged };
}

function start() {
  const repository = createInMemoryRepository();
  const { logger, logged } = notingLogger();
  let callbacks: RepositoryOptions | undefined;
  const link = startRepositoryLink(
    {
      ...base,
      create: (options) => {
        callbacks = options;
        return repository;
      },
    },
    logger,
  );
  assert.ok(callbacks !== undefined);
  const { onRequest, onSuspended, onResumed } = callbacks;
  const answered = (outcome: "ok" | "not-found" | "unreachable" | "tls") =>
    onRequest?.({ question: "task", outcome, durationMs: 1 });
  return { link, repository, logged, answered, onSuspended, onResumed };
}

test("asks QRS at the start, and says once that it is there, away and back", async (t) => {
  const { link, repository, logged, answered, onSuspended, onResumed } = start();
  t.after(link.close);
  assert.deepEqual(repository.asked, ["task 00000000-0000-0000-0000-000000000000"]);
  assert.equal(link.state().up, false);
  answered("ok");
  answered("not-found");
  assert.deepEqual(link.state(), { up: true, detail: base.url });
  const suspensions: boolean[] = [];
  link.onSuspension((isSuspended) => suspensions.push(isSuspended));
  for (let n = 0; n < 3; n++) onSuspended?.({ forMs: 60_000, cause: gone });
  assert.deepEqual([link.suspended(), link.state()], [true, { up: false, detail: gone.message }]);
  onResumed?.();
  answered("ok");
  assert.deepEqual([link.suspended(), link.state().up], [false, true]);
  assert.deepEqual(suspensions, [true, true, true, false]);
  assert.deepEqual(logged, ["qrs is there", "qrs is away", "qrs is back"]);
});

test("stays away while something answers that is not QRS", async (t) => {
  const qrs = await startQrs(t);
  qrs.behave({ body: "<html>Sign in</html>" });
  const { logger, logged } = notingLogger();
  const outcomes: string[] = [];
  const { QRS_CERT_FILE: certFile, QRS_KEY_FILE: keyFile, QRS_CA_FILE: caFile } = qrs.environment;
  const onRequest: RepositoryOptions["onRequest"] = ({ outcome }) => outcomes.push(outcome);
  const link = startRepositoryLink(
    { ...base, url: qrs.url, user: defaultUser, certFile, keyFile, caFile, onRequest },
    logger,
  );
  t.after(link.close);
  await eventually(() => assert.deepEqual(logged, ["qrs is away"]));
  assert.match(String(link.state().detail), /a web page/);
  await assert.rejects(link.repository.task("22b106a8-e7ed-4466-b700-014f060bef16"));
  assert.deepEqual([logged, link.state().up, outcomes], [["qrs is away"], false, ["invalid-answer", "invalid-answer"]]);
});

test("asks again when the pause of a suspension is over", async (t) => {
  const { link, repository, onSuspended } = start();
  t.after(link.close);
  onSuspended?.({ forMs: 10, cause: gone });
  await eventually(() => assert.equal(repository.asked.length, 2));
});

test("is away when it fails once and then again for the question whether it is there", async (t) => {
  const { link, repository, logged, answered } = start();
  t.after(link.close);
  answered("ok");
  await setImmediate();
  answered("tls");
  await setImmediate();
  assert.equal(link.state().up, true);
  repository.answers.task = () => Promise.reject(gone);
  answered("tls");
  answered("tls");
  await setImmediate();
  assert.deepEqual(link.state(), { up: false, detail: gone.message });
  assert.deepEqual(logged, ["qrs is there", "qrs is away"]);
});
