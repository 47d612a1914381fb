import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findProgram, startNats, syncAlways, tempDir } from "@sense-alerts/test-kit";
import { parse } from "yaml";

const root = new URL("../../../", import.meta.url);
const file = (path: string) => readFileSync(new URL(path, root), "utf8");
const yaml = (path: string) => parse(file(path), { merge: true });
const image = /^nats:2\.15\.\d+-alpine$/;

test("Compose runs a pinned NATS with a configuration that survives a power cut", () => {
  const { nats } = yaml("docker-compose.yml").services;
  assert.match(nats.image, image);
  const [mount] = nats.volumes;
  assert.equal(mount, "./tools/nats.conf:/etc/nats/nats.conf:ro");
  assert.deepEqual(nats.command, ["--config", "/etc/nats/nats.conf"]);
});

test("the demo overlay runs a pinned NATS", () => {
  assert.match(file("k8s/overlays/demo/nats.yaml"), new RegExp(`^ +image: ${image.source.slice(1, -1)}$`, "m"));
});

test("the values for the NATS chart pin the server and have it sync always", () => {
  const { config, container } = yaml("k8s/overlays/production/nats-values.yaml");
  assert.match(`nats:${container.image.tag}`, image);
  assert.equal(config.jetstream.merge.sync_interval, "always");
});

for (const path of ["tools/nats.conf", "k8s/overlays/demo/nats.conf"]) {
  test(`${path} syncs always, and a server that knows it takes the file`, async (t) => {
    const config = file(path);
    assert.match(config, /^ {2}sync_interval: always$/m);
    // An older server refuses the field; the images are newer.
    if (syncAlways() === "") return;
    const copy = join(tempDir(t), "nats.conf");
    writeFileSync(copy, config);
    execFileSync(findProgram("nats-server"), ["-t", "-c", copy], { stdio: "pipe" });
    const nats = await startNats(t, { config: config.replace(/^ {2}store_dir.*\n/m, "") });
    const response = await fetch(`${nats.monitorUrl}/jsz?config=1`, { signal: AbortSignal.timeout(5_000) });
    const answer = (await response.json()) as { config: { sync_always?: boolean } };
    assert.equal(answer.config.sync_always, true);
  });
}
