import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { ofKind } from "../../src/manifests/objects.js";
import { render } from "../../src/manifests/render.js";
import { servicePods } from "../../src/manifests/settings-of.js";

const file = (path: string) => readFileSync(new URL(`../../../../k8s/${path}`, import.meta.url), "utf8");

test("the values for the NATS chart make the cluster and the login that production's settings want", () => {
  const values = parse(file("overlays/production/nats-values.yaml"));
  const login = values.config.merge.authorization.users[0];
  for (const { env } of servicePods(render("overlays/production"))) {
    assert.equal(String(values.config.cluster.replicas), env["NATS_STREAM_REPLICAS"]);
    assert.equal(login.user, env["NATS_USER"]);
  }
  const [, variable = ""] = /^<< \$(\w+) >>$/.exec(login.password) ?? [];
  assert.ok(variable in values.container.env, `the container has no ${variable}`);
});

test("the demo's NATS has room for its streams, and its claim for what NATS may store", () => {
  const manifests = render("overlays/demo");
  const [, storeMiB] = /max_file_store: (\d+)MiB/.exec(file("overlays/demo/nats.conf")) ?? [];
  for (const { env } of servicePods(manifests)) {
    assert.ok(Number(storeMiB) * 2 ** 20 >= 2 * Number(env["NATS_STREAM_MAX_BYTES"]) + 128 * 2 ** 20);
  }
  const [set] = ofKind(manifests, "StatefulSet");
  assert.equal(set?.spec?.volumeClaimTemplates?.[0]?.spec?.resources?.requests?.["storage"], "1Gi");
});

test("the demo's Sense server sends to the port that udp-ingest listens on", () => {
  const manifests = render("overlays/demo");
  const server = ofKind(manifests, "Deployment").find(({ metadata }) => metadata.name === "sense-server");
  const [service] = ofKind(manifests, "Service").filter(({ spec }) => spec?.ports?.[0]?.protocol === "UDP");
  assert.deepEqual(server?.spec?.template.spec?.containers[0]?.args, [
    service?.metadata.name,
    String(service?.spec?.ports?.[0]?.port),
  ]);
});
