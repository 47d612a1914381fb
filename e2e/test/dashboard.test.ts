import assert from "node:assert/strict";
import { test } from "node:test";
import { alerts, dashboard, metricsIn, panels } from "../src/monitoring.js";

test("the dashboard can be imported anywhere: no id, a fixed uid, and a data source that is chosen", () => {
  assert.equal(dashboard.id, null);
  assert.equal(dashboard.uid, "sense-alerts");
  assert.deepEqual(
    dashboard.templating.list.map(({ name, type }) => [name, type]),
    [["datasource", "datasource"]],
  );
  for (const { title, datasource } of panels) {
    assert.deepEqual(datasource, { type: "prometheus", uid: `\${datasource}` }, title);
  }
});

test("the dashboard has the rows that answer an administrator's questions", () => {
  const rows = dashboard.panels.filter(({ type }) => type === "row").map(({ title }) => title);
  assert.deepEqual(rows, ["Is Sense talking", "Do alerts leave", "What is waiting", "What was refused", "Health"]);
});

test("each panel has a title, a description, a unit, thresholds and queries", () => {
  for (const { title, description = "", fieldConfig, targets = [] } of panels) {
    assert.match(title, /^[A-Z]/);
    assert.match(description, /\w.*\.$/, title);
    assert.ok(fieldConfig?.defaults.unit, title);
    assert.ok(fieldConfig.defaults.thresholds, title);
    assert.ok(targets.length > 0, title);
  }
});

test("panels have ids of their own and lie beside each other", () => {
  const ids = dashboard.panels.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const places = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    assert.ok(x + w <= 24);
    return Array.from({ length: w * h }, (_, n) => `${x + (n % w)} ${y + Math.floor(n / w)}`);
  });
  assert.equal(new Set(places).size, places.length);
});

test("no query of the dashboard or of an alert names a job or an instance", () => {
  const expressions = [...panels.flatMap(({ targets = [] }) => targets), ...alerts].map(({ expr }) => expr);
  for (const expression of expressions) assert.doesNotMatch(expression, /\b(job|instance)\s*(=|!)/);
});

for (const { alert, expr, labels, annotations } of alerts) {
  test(`${alert} says what happened and what to do, and leads to a panel that shows it`, () => {
    assert.match(alert, /^SenseAlerts[A-Z]/);
    assert.match(labels["severity"] ?? "", /^(critical|warning)$/);
    assert.match(annotations["summary"] ?? "", /\w.*\.$/);
    assert.ok((annotations["description"] ?? "").length > 80);
    const [, id] = /^\/d\/sense-alerts\?viewPanel=(\d+)$/.exec(annotations["dashboard"] ?? "") ?? [];
    const panel = panels.find((candidate) => candidate.id === Number(id));
    const shown = (panel?.targets ?? []).flatMap((target) => metricsIn(target.expr));
    assert.ok(
      metricsIn(expr).some((name) => shown.includes(name)),
      `panel ${id} shows ${shown.join(", ") || "nothing"}`,
    );
  });
}
