import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";

const file = (path: string) =>
  parse(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8"), { merge: true });
const folder = "./k8s/components/monitoring";

/** Where the profile monitoring mounts a file of the repository. */
function mountedAt(service: string, source: string): string | undefined {
  const volumes: readonly string[] = file("docker-compose.yml").services[service].volumes;
  const [, target, mode] = volumes.find((volume) => volume.startsWith(`${source}:`))?.split(":") ?? [];
  assert.equal(mode, "ro");
  return target;
}

test("Compose loads the alert rules of Kubernetes", () => {
  const rules = mountedAt("prometheus", `${folder}/alert-rules.yml`);
  assert.deepEqual(file("tools/prometheus.yml").rule_files, [rules]);
});

test("Compose and Kubernetes show one dashboard", () => {
  const [{ options }] = file("tools/grafana/dashboards.yml").providers;
  const dashboard = mountedAt("grafana", `${folder}/dashboard.json`) ?? "";
  assert.equal(dashboard, `${options.path}/sense-alerts.json`);
  assert.equal(
    file("docker-compose.yml").services.grafana.environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH,
    dashboard,
  );
  const [generated] = file("k8s/components/monitoring/kustomization.yaml").configMapGenerator;
  assert.deepEqual(generated.files, ["sense-alerts.json=dashboard.json"]);
  assert.equal(generated.options.labels.grafana_dashboard, "1");
});

test("Grafana of Compose asks the Prometheus beside it, as often as that scrapes", () => {
  const { datasources } = file("tools/grafana/datasources.yml");
  assert.deepEqual(
    datasources.map(({ type, url, jsonData }: Datasource) => [type, url, jsonData.timeInterval]),
    [["prometheus", "http://prometheus:9090", file("tools/prometheus.yml").global.scrape_interval]],
  );
});

test("Prometheus and Grafana of Compose are locked up as the services are, and reached from this machine alone", () => {
  const { services } = file("docker-compose.yml");
  for (const { read_only, cap_drop, security_opt, mem_limit, pids_limit, ports, image } of [
    services.prometheus,
    services.grafana,
  ]) {
    assert.deepEqual([read_only, cap_drop, security_opt], [true, ["ALL"], ["no-new-privileges:true"]]);
    assert.ok(mem_limit && pids_limit);
    assert.match(ports.join(), /^\$\{\w+:-127\.0\.0\.1:\d+\}:\d+$/);
    assert.match(image, /:v?\d+\.\d+\.\d+$/);
  }
});

interface Datasource {
  readonly type: string;
  readonly url: string;
  readonly jsonData: { readonly timeInterval: string };
}
