import assert from "node:assert/strict";
import { test } from "node:test";
import { headers, NatsError } from "nats";
import * as apiStatus from "../../src/connection/api-status.js";

const { statusOfApiError, statusOfError, statusOfMessage } = apiStatus;
type Predicate = (status: apiStatus.ApiStatus | undefined) => boolean;
const predicates = Object.entries(apiStatus).filter((entry): entry is [string, Predicate] => entry[0].startsWith("is"));

function trueOf(status: apiStatus.ApiStatus | undefined): string[] {
  return predicates.flatMap(([name, holds]) => (holds(status) ? [name] : [])).sort();
}

for (const [code, description, expected] of [
  [503, "No Responders", ["isCutOff", "isNoResponders", "isUnavailable"]],
  [409, "Leadership Change", ["isLeaderChange"]],
  [409, "Server Shutdown", ["isLeaderChange"]],
  [409, "Consumer Deleted", ["isConsumerGone"]],
  [409, "Stream Deleted", ["isStreamGone"]],
  [409, "Batch Completed", ["isBatchCompleted"]],
  [409, "Exceeded MaxWaiting", []],
  [408, "Request Timeout", ["isPullExpired"]],
  [408, "Interest Expired", ["isPullExpired"]],
  [404, "No Messages", ["isPullExpired"]],
  [100, "Idle Heartbeat", []],
] as const) {
  test(`reads ${code} ${description} as ${expected.join(", ") || "nothing that we know"}`, () => {
    assert.deepEqual(trueOf(statusOfMessage({ headers: headers(code, description) })), [...expected]);
  });
}

for (const [code, apiCode, expected] of [
  [503, 10008, ["isCutOff", "isUnavailable"]],
  [500, 10009, ["isCutOff", "isUnavailable"]],
  [404, 10014, ["isConsumerGone"]],
  [404, 10037, ["isMessageGone"]],
  [503, 10039, ["isJetStreamMissing"]],
  [400, 10043, ["isMessageGone"]],
  [500, 10047, ["isOutOfStorage"]],
  [400, 10054, ["isTooLarge"]],
  [404, 10059, ["isStreamGone"]],
  [400, 10060, ["isOtherStream"]],
  [400, 10071, ["isWrongLastSequence"]],
  [503, 10076, ["isJetStreamMissing"]],
  [503, 10077, []],
  [500, 10118, ["isCutOff", "isUnavailable"]],
  [409, 10158, ["isUnavailable"]],
  [400, 10164, ["isUnavailable"]],
  [429, 10167, ["isUnavailable"]],
] as const) {
  test(`reads the JetStream error ${apiCode} as ${expected.join(", ") || "nothing that we know"}`, () => {
    const error = { code, err_code: apiCode, description: "as the server says" };
    const raised = new NatsError(error.description, String(code));
    raised.api_error = error;
    assert.deepEqual(trueOf(statusOfApiError(error)), [...expected]);
    assert.deepEqual(trueOf(statusOfError(raised)), [...expected]);
  });
}

test("reads the status of a request that nobody answered", () => {
  assert.deepEqual(statusOfError(new NatsError("503", "503")), { code: 503, apiCode: undefined, description: "503" });
});

test("finds no status in what is none", () => {
  assert.equal(statusOfMessage({}), undefined);
  assert.equal(statusOfMessage({ headers: headers() }), undefined);
  assert.equal(statusOfError(new NatsError("TIMEOUT", "TIMEOUT")), undefined);
  assert.equal(statusOfError(new Error("503")), undefined);
  assert.deepEqual(trueOf(undefined), []);
});

for (const error of [null, "no", 7, {}, { code: "503", err_code: "10077", description: 1 }]) {
  test(`takes the error ${JSON.stringify(error)} for a refusal without a number`, () => {
    assert.deepEqual(statusOfApiError(error), { code: 0, apiCode: undefined, description: "no reason given" });
  });
}
