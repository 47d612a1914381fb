import assert from "node:assert/strict";
import { test } from "node:test";
import { runBeside } from "@sense-alerts/test-kit";
import { asTrial, startWay, upTo } from "../fixtures/way.js";

test("finds the udp-ingest that it lies beside by the environment, and follows the alert to the PUBACK", async (t) => {
  const way = await startWay(t);
  const env = {
    UDP_HOST: "0.0.0.0",
    UDP_PORT: String(await way.ingest.udpPort()),
    HTTP_PORT: String(await way.ingest.httpPort()),
  };
  const alerter = ["--alerter", `http://127.0.0.1:${await way.alerter.httpPort()}`];
  const { code, stations, stdout } = asTrial(await runBeside(t, "udp-ingest", "send-test-alert", alerter, env));
  assert.deepEqual([code, stations], [0, [...upTo("alert"), "- alert"]], stdout);
});

test("says where the broker can be waited at, since it has no MQTT client", async (t) => {
  const { code, stdout, stderr } = await runBeside(t, "udp-ingest", "send-test-alert", ["--broker", "mqtt://b"], {});
  assert.deepEqual([code, stdout], [64, ""]);
  assert.match(stderr, /--broker goes with `npm run send-test-alert`.*Example: --alerter/);
});

test("tells the settings that it cannot read", async (t) => {
  const { code, stderr } = await runBeside(t, "udp-ingest", "send-test-alert", [], { UDP_PORT: "none" });
  assert.equal(code, 78);
  assert.match(stderr, /UDP_PORT: /);
});
