import assert from "node:assert/strict";
import { test } from "node:test";
import { loadSettings } from "../../src/index.js";
import { tracingSettings } from "../../src/settings/tracing-settings.js";
import { refused } from "../fixtures/refused.js";

const secret = "hunter2";

test("reads headers and resource attributes in OpenTelemetry's form", () => {
  const values = loadSettings(tracingSettings, {
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${secret}, x-scope = a=b`,
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=f%C3%B6rs%C3%B6k,empty=",
  });
  assert.deepEqual(values.OTEL_EXPORTER_OTLP_HEADERS, { authorization: `Bearer ${secret}`, "x-scope": "a=b" });
  assert.deepEqual(values.OTEL_RESOURCE_ATTRIBUTES, { "deployment.environment.name": "försök", empty: "" });
});

test("refuses headers in another form without a word of what they hold", () => {
  for (const given of [
    secret,
    `a=b,${secret}`,
    `a=${secret} b`,
    `a=${secret}%`,
    `a=${secret}%ff`,
    `a:${secret}`,
    "=b",
  ]) {
    const { message } = refused(tracingSettings, { OTEL_EXPORTER_OTLP_HEADERS: given });
    assert.match(message, /OTEL_EXPORTER_OTLP_HEADERS: must be pairs of name=value/, given);
    assert.doesNotMatch(message, new RegExp(secret));
  }
});

test("takes a collector over HTTP alone, and no login in its URL", () => {
  for (const given of ["otel-collector:4317", "grpc://collector:4317", `http://user:${secret}@collector:4318`]) {
    const { message } = refused(tracingSettings, { OTEL_EXPORTER_OTLP_ENDPOINT: given });
    assert.match(message, /OTEL_EXPORTER_OTLP_ENDPOINT: must/, given);
    assert.doesNotMatch(message, new RegExp(secret));
  }
});
