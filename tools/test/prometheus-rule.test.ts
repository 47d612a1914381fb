import assert from "node:assert/strict";
import { test } from "node:test";
import { prometheusRule } from "../src/prometheus-rule.js";

test("the PrometheusRule says what alert-rules.yml says (node tools/dist/src/prometheus-rule.js mends it)", () => {
  const { wanted, found } = prometheusRule();
  assert.match(wanted, /^ {6}- name: mqtt-alerter$|^ {4}- name: mqtt-alerter$/m);
  assert.equal(found, wanted);
});
