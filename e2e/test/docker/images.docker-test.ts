import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  baseImage,
  buildImages,
  docker,
  type ImageName,
  imageOf,
  inspect,
  requireEngine,
  revision,
  version,
} from "../../src/docker.js";

const services: readonly ImageName[] = ["udp-ingest", "mqtt-alerter"];

before(async () => {
  requireEngine();
  await buildImages();
});

const hardened = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=none"];

/** Runs a program of the image in a container as hardened as docker-compose.yml makes it. */
function runIn(name: ImageName, ...command: readonly string[]): Promise<string> {
  const [program = "", ...args] = command;
  return docker("run", "--rm", ...hardened, "--entrypoint", program, imageOf(name), ...args);
}

test("udp-ingest has the program that sends a test alert, and mqtt-alerter nothing of it", async () => {
  assert.match(
    await runIn("udp-ingest", "node", "dist/src/commands/send-test-alert.js", "--help"),
    /sends a test alert/,
  );
  assert.equal(await runIn("mqtt-alerter", "find", "/app", "-name", "*test-alert*"), "");
});

for (const name of services) {
  test(`${name} runs as user 10001 without shell in between, and tells its version and revision`, async () => {
    const { Config } = await inspect(imageOf(name));
    assert.equal(Config.User, "10001:10001");
    assert.deepEqual([Config.Entrypoint.at(0), Config.Entrypoint.at(-1)], ["node", "dist/src/main.js"]);
    assert.deepEqual(Config.Healthcheck.Test, ["CMD", "node", "dist/src/commands/healthcheck.js"]);
    assert.equal(Config.Labels["org.opencontainers.image.title"], `sense-alerts ${name}`);
    assert.equal(Config.Labels["org.opencontainers.image.version"], version);
    assert.equal(Config.Labels["org.opencontainers.image.revision"], await revision());
  });

  test(`${name} holds compiled code and production packages, and nothing else of ours or npm's`, async () => {
    const files = (await runIn(name, "find", "/app", "/usr/local", "/opt", "-type", "f")).split("\n");
    assert.ok(files.includes(`/app/services/${name}/dist/src/main.js`));
    const other = name === "udp-ingest" ? "mqtt-alerter" : "udp-ingest";
    const unwanted = [
      /\.(ts|mts|cts|map|tsbuildinfo)$/,
      /\/tests?\//,
      /\.test\.js$/,
      /node_modules\/(npm|corepack|typescript|@biomejs|knip|c8|fast-check|yaml)\//,
      /@sense-alerts\/test-kit|\/libs\/test-kit/,
      new RegExp(`/services/${other}/`),
    ];
    for (const pattern of unwanted) assert.deepEqual(files.filter((file) => pattern.test(file)).slice(0, 5), []);
    const programs = await runIn(name, "find", "/usr/local/bin", "-name", "np*", "-o", "-name", "yarn*");
    assert.equal(programs, "");
  });

  test(`${name} takes the arguments of the service, without a network`, async () => {
    const said = await docker("run", "--rm", ...hardened, imageOf(name), "--check-config");
    assert.equal(said.trim(), `${name}: the settings are right.`);
  });

  test(`${name} adds less than 40 MB to its base`, async () => {
    const added = (await inspect(imageOf(name))).Size - (await inspect(baseImage)).Size;
    assert.ok(added > 100_000 && added < 40_000_000, `${added} bytes`);
  });

  test(`${name} starts with a read-only root, no capabilities and no network, and says what is wrong with its settings`, async () => {
    const refusal = await runIn(name, "sh", "-c", "LOG_LEVEL=loud node dist/src/main.js 2>&1; echo code $?");
    assert.match(refusal, /LOG_LEVEL: must be one of trace/);
    assert.match(refusal, /code 78$/);
  });
}
