import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  eventually,
  publishMqtt,
  publishNats,
  type Scope,
  sendDatagrams,
  startQrs,
  taskDatagram,
  tempDir,
} from "@sense-alerts/test-kit";
import { addTask } from "./qrs-task.js";
import { type Stack, startStack } from "./stack.js";
import { startTopic } from "./start-stack.js";

export interface BusyStack extends Stack {
  /**
   * Has something of every kind happen: events of each type, a duplicate, rejected datagrams, poison, a topic that the
   * broker refuses, a request to start a task, an outage of NATS and one of the broker. Resolves when all the rest is
   * delivered.
   */
  stir(): Promise<void>;
}

const lanes = ["basic", "full"];
const refusedTopic = "qliksense/refused";

/** Both services with all that can be turned on. */
export async function startBusyStack(t: Scope): Promise<BusyStack> {
  const qrs = await startQrs(t);
  const aclFile = join(tempDir(t), "acl");
  writeFileSync(aclFile, `topic readwrite #\ntopic read $SYS/#\ntopic deny ${refusedTopic}\n`);
  const stack = await startStack(t, {
    // With a queue without bound mosquitto 2.0 hangs up on whoever publishes what the rules deny.
    broker: { config: `acl_file ${aclFile}\nmax_queued_messages 1000` },
    ingestEnv: { SPOOL_DIR: tempDir(t) },
    alerterEnv: {
      ...qrs.environment,
      TASK_SUCCESS_TOPIC: refusedTopic,
      ALERT_TASK_TYPES: "reload, distribute",
      TASK_START_ENABLE: "true",
      TASK_START_ALLOW_ANY: "true",
    },
  });
  const { ingest, alerter, nats, broker } = stack;
  const port = await ingest.udpPort();
  const reload = addTask(qrs);
  const done = (lane: string) => alerter.metric("sensealerts_alerter_events_total", { lane, outcome: "done" });

  async function fail(count: number): Promise<void> {
    const before = await Promise.all(lanes.map(done));
    await sendDatagrams(
      port,
      Array.from({ length: count }, () => taskDatagram(reload.run())),
    );
    await eventually(async () => {
      const now = await Promise.all(lanes.map(done));
      if (now.some((events, n) => events < (before[n] ?? 0) + count)) throw new Error("not all is delivered");
    });
  }

  async function stir(): Promise<void> {
    const distribution = addTask(qrs, { taskType: 3 });
    const twice = taskDatagram(reload.run());
    await sendDatagrams(port, [
      ...[twice, twice, "", "/no-such-tag/;a;b;c", "/scheduler-task-failed/;sense1;too short"],
      taskDatagram({ ...reload.run({ status: 6 }), tag: "/scheduler-task-aborted/" }),
      taskDatagram({ ...reload.run({ status: 7 }), tag: "/scheduler-task-success/" }),
      taskDatagram({ ...distribution.run({ status: 8 }), tag: "/scheduler-distribute/" }),
      taskDatagram(addTask(qrs, { taskType: 2 }).run()),
      `/engine-reload-failed/;sense1;${randomUUID()};${randomUUID()};ACME;anna;2026-11-20 06:30:01,120;ERROR;Reload failed in Engine.`,
    ]);
    await publishNats(nats.port, [{ subject: "sense.task.failed", payload: "poison" }]);
    await publishMqtt({ port: broker.port, topic: startTopic, payload: reload.taskId, properties: {} });
    await fail(20);
    await nats.stop();
    await sendDatagrams(port, [taskDatagram(reload.run())]);
    await nats.start();
    await alerter.ready();
    broker.suspend();
    await sendDatagrams(port, [taskDatagram(reload.run())]);
    await eventually(async () => {
      if ((await alerter.metric("sensealerts_alerter_messages_in_flight")) === 0)
        throw new Error("nothing is under way");
    });
    await broker.stop("SIGKILL");
    await broker.start();
    await alerter.ready();
    await fail(20);
    await eventually(async () => {
      const followed = await alerter.metric("sensealerts_alerter_distributions_followed_total");
      const answered = await alerter.metric("sensealerts_alerter_start_requests_total", { outcome: "started" });
      if (followed !== 1 || answered !== 1) throw new Error(`followed ${followed}, answered ${answered}`);
    });
  }

  return { ...stack, stir };
}
