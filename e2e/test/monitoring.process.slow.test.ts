import assert from "node:assert/strict";
import { after, test } from "node:test";
import { eventually, startPrometheus } from "@sense-alerts/test-kit";
import { startBusyStack } from "../src/busy-stack.js";
import { announcedIn, documented } from "../src/metrics-reference.js";
import { alerts, metricsIn, monitoringFolder, panels, promtool } from "../src/monitoring.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const { ingest, alerter, stir } = await startBusyStack(file);
const services = [ingest, alerter];
const ports = await Promise.all(services.map((service) => service.httpPort()));
const prometheus = await startPrometheus(file, {
  targets: ports.map((port) => `127.0.0.1:${port}`),
  ruleFiles: [`${monitoringFolder}/alert-rules.yml`],
});
// What was counted before the first scrape is no increase.
await eventually(async () =>
  assert.equal((await prometheus.query("count_over_time(sensealerts_build_info[1m]) > 1")).length, 2),
);
await stir();
const texts = await Promise.all(services.map((service) => service.metrics()));
const announced = new Map(texts.flatMap(announcedIn).map((metric) => [metric.name, metric]));

/** What another figure on the dashboard says better, or the log. */
const notShown: Readonly<Record<string, string>> = {
  sensealerts_alerter_distributions_followed_total: "they become alerts as others do",
  sensealerts_alerter_qrs_requests_total: "how long they took is shown; that QRS is away is a link that is down",
  sensealerts_alerter_qrs_suspended: "the link to QRS is down then",
  sensealerts_ingest_spool_recovered_events_total: "happens at a start alone, and is in the log",
  sensealerts_ingest_status_events_total: "shown as the events of type sense.ingest.status",
};

/** prom-client takes these from /proc. */
const onLinuxAlone = /^process_(open_fds|max_fds|virtual_memory_bytes|heap_bytes)$/;

for (const [index, service] of services.entries()) {
  test(`promtool has nothing against the metrics of ${service.name}`, () => {
    assert.deepEqual(promtool(["check", "metrics"], texts[index]), { ok: true, output: "" });
  });
}

test("docs/metrics.md tells of every metric that there is, with its type, labels and help, and of no other", () => {
  const told = documented().filter(({ name }) => process.platform === "linux" || !onLinuxAlone.test(name));
  assert.deepEqual([...new Set(told.map(({ name }) => name))].length, told.length, "a metric is told of twice");
  assert.deepEqual(told.map(({ name }) => name).sort(), [...announced.keys()].sort());
  for (const { lookFor, ...metric } of told) {
    const { labels = metric.labels, ...live } = announced.get(metric.name) ?? metric;
    assert.deepEqual(metric, { ...live, labels });
    assert.match(lookFor, /\w/);
  }
});

test("every metric in the dashboard and in the alert rules is there", () => {
  const expressions = [
    ...alerts.map(({ expr }) => expr),
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ];
  const used = [...new Set(expressions.flatMap(metricsIn))];
  assert.ok(used.length > 40, `${used.length} are used`);
  assert.deepEqual(
    used.filter((name) => !announced.has(name)),
    [],
  );
});

test("every metric of ours is in the dashboard", () => {
  const shown = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => metricsIn(expr)));
  const missing = [...announced.keys()].filter((name) => name.startsWith("sensealerts_") && !shown.includes(name));
  assert.deepEqual(missing.sort(), Object.keys(notShown).sort());
});

for (const { id, title, targets = [] } of panels) {
  for (const { refId, expr } of targets) {
    test(`panel ${id}, ${title}: query ${refId} gives figures`, async () => {
      const expression = expr.replace(/\$__(rate_)?interval/g, "1m").replaceAll("$__range", "1h");
      await eventually(async () => {
        const series = await prometheus.query(expression);
        assert.ok(
          series.some(({ value }) => Number.isFinite(Number(value[1]))),
          `${expression} gives ${JSON.stringify(series)}`,
        );
      });
    });
  }
}

test("Prometheus evaluates every rule, and raises the alerts on what happened, in words", async () => {
  await eventually(async () => {
    const response = await fetch(`${prometheus.url}/api/v1/rules`);
    const { data } = (await response.json()) as RulesAnswer;
    const rules = data.groups.flatMap((group) => group.rules);
    assert.deepEqual(
      rules.map(({ health }) => health),
      rules.map(() => "ok"),
    );
    const raised = rules.flatMap((rule) => rule.alerts ?? []).filter(({ state }) => state === "firing");
    assert.deepEqual(raised.map(({ annotations }) => annotations["summary"]).sort(), [
      "Events could not be delivered and are dead letters.",
      "udp-ingest rejected datagrams: empty.",
      "udp-ingest rejected datagrams: too-short.",
      "udp-ingest rejected datagrams: unknown-tag.",
    ]);
  });
});

interface RulesAnswer {
  readonly data: {
    readonly groups: readonly {
      readonly rules: readonly {
        readonly health: string;
        readonly alerts?: readonly { readonly state: string; readonly annotations: Readonly<Record<string, string>> }[];
      }[];
    }[];
  };
}
