import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger } from "@sense-alerts/service-kit";
import { createBrokerLog } from "../../src/mqtt/broker-log.js";
import type { MqttOptions } from "../../src/mqtt/mqtt-options.js";
import { mqttOptions } from "../fixtures/start-publisher.js";

function linesOf(changes: Partial<MqttOptions>) {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) };
  const logger = createLogger({ name: "test", level: "info", pretty: false, instance: "i", destination });
  return { lines, log: createBrokerLog(mqttOptions("mqtt://broker.example", changes), logger) };
}

for (const [setting, changes] of [
  ["MQTT_TLS_INSECURE", { tlsInsecure: true }],
  ["MQTT_QOS", { qos: 0 }],
  ["MQTT_PROTOCOL_VERSION", { protocolVersion: 4 }],
] as const) {
  test(`warns of what is weak about ${setting}`, () => {
    const { lines } = linesOf(changes);
    assert.deepEqual(
      lines.map(({ level, setting: named }) => [level, named]),
      [["warn", setting]],
    );
  });
}

test("warns of nothing by default", () => {
  assert.deepEqual(linesOf({}).lines, []);
});

test("warns of a broker that allows less than the settings ask for", () => {
  const { lines, log } = linesOf({ retain: true });
  const facts = { protocolVersion: 5, maximumPacketBytes: 1_000, receiveMaximum: 20 } as const;
  const rest = { sharedSubscriptions: true, sessionPresent: false };
  log.connected("mqtt://broker.example", { ...facts, ...rest, maximumQos: 0, retainAvailable: false });
  const [connected, warning] = lines;
  assert.deepEqual([connected?.["msg"], connected?.["mqtt"]], ["connected to the broker", "5"]);
  assert.deepEqual([warning?.["level"], warning?.["qos"], warning?.["retainAvailable"]], ["warn", 0, false]);
});
