import assert from "node:assert/strict";
import { test } from "node:test";
import { commonSettings, loadSettings } from "../../src/index.js";
import { instanceIdFrom, statusDetailOf } from "../../src/settings/common-settings.js";
import { refused } from "../fixtures/refused.js";

test("has the promised defaults", () => {
  const { INSTANCE_ID, ...values } = loadSettings(commonSettings, {});
  assert.deepEqual(values, {
    HTTP_HOST: "0.0.0.0",
    HTTP_PORT: 8080,
    LOG_LEVEL: "info",
    LOG_PRETTY: "auto",
    STATUS_PAGE: "auto",
    SHUTDOWN_TIMEOUT_SECONDS: 20,
  });
  assert.equal(loadSettings(commonSettings, { INSTANCE_ID }).INSTANCE_ID, INSTANCE_ID);
});

test("reads each form of LOG_PRETTY", () => {
  for (const [given, value] of [
    ["AUTO", "auto"],
    ["true", true],
    ["0", false],
  ] as const) {
    assert.equal(loadSettings(commonSettings, { LOG_PRETTY: given }).LOG_PRETTY, value);
  }
  assert.match(refused(commonSettings, { LOG_PRETTY: "maybe" }).message, /LOG_PRETTY: must be auto, true or false/);
});

test("takes 1 to 128 harmless characters for an instance id", () => {
  for (const id of ["a", "pod-7f9c.ingest_1", "x".repeat(128)]) {
    assert.equal(loadSettings(commonSettings, { INSTANCE_ID: id }).INSTANCE_ID, id);
  }
  for (const id of ["x".repeat(129), "a/b", "a b", "ö", "a+b", "a#"]) {
    assert.match(refused(commonSettings, { INSTANCE_ID: id }).message, /INSTANCE_ID: must be 1 to 128 characters/, id);
  }
});

test("makes an instance id of any host name", () => {
  for (const host of ["srv 1", "ö", "", "x".repeat(300)]) {
    const id = instanceIdFrom(host);
    assert.equal(loadSettings(commonSettings, { INSTANCE_ID: id }).INSTANCE_ID, id);
  }
});

test("shows names on the status page only to this machine, unless told", () => {
  for (const host of ["127.0.0.1", "127.8.0.1", "::1", "localhost", "LOCALHOST"]) {
    assert.equal(statusDetailOf({ STATUS_PAGE: "auto", HTTP_HOST: host }), "full", host);
  }
  for (const host of ["0.0.0.0", "::", "10.0.0.5", "127.example.com", "localhost.example.com"]) {
    assert.equal(statusDetailOf({ STATUS_PAGE: "auto", HTTP_HOST: host }), "counts", host);
  }
  for (const chosen of ["full", "counts", "off"] as const) {
    assert.equal(statusDetailOf({ STATUS_PAGE: chosen, HTTP_HOST: "0.0.0.0" }), chosen);
  }
});

test("bounds the shutdown timeout", () => {
  for (const seconds of ["0", "3601"]) {
    assert.match(
      refused(commonSettings, { SHUTDOWN_TIMEOUT_SECONDS: seconds }).message,
      /SHUTDOWN_TIMEOUT_SECONDS: must be a whole number from 1 to 3600/,
    );
  }
});
