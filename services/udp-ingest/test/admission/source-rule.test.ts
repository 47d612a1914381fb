import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSourceRule } from "../../src/admission/allowed-sources.js";

test("reads addresses, ranges and host names", () => {
  const network = (address: string, prefix: number, family: string) => ({ kind: "network", address, prefix, family });
  for (const [text, rule] of [
    ["10.0.0.5", network("10.0.0.5", 32, "ipv4")],
    ["10.0.0.0/8", network("10.0.0.0", 8, "ipv4")],
    ["0.0.0.0/0", network("0.0.0.0", 0, "ipv4")],
    ["10.0.0.5/32", network("10.0.0.5", 32, "ipv4")],
    ["fd00::5", network("fd00::5", 128, "ipv6")],
    ["fd00::/8", network("fd00::", 8, "ipv6")],
    ["::/0", network("::", 0, "ipv6")],
    ["::1/128", network("::1", 128, "ipv6")],
    ["sense1", { kind: "host", name: "sense1" }],
    ["Sense-1.example.com", { kind: "host", name: "Sense-1.example.com" }],
    ["sense_1.example.com.", { kind: "host", name: "sense_1.example.com." }],
    ["1st.example.com", { kind: "host", name: "1st.example.com" }],
  ] as const) {
    assert.deepEqual(parseSourceRule(text), rule);
  }
});

test("refuses what is no address, range or host name, and repeats it", () => {
  for (const text of [
    "",
    " ",
    "10.0.0",
    "10.0.0.256",
    "010.0.0.5",
    "10.0.0.5:9998",
    "[fd00::5]",
    "fd00:::5",
    "sense1/24",
    "/24",
    "sense 1",
    "-sense",
    "sense..example.com",
    "udp://sense1",
    "*.example.com",
    `${"a".repeat(64)}.example.com`,
    `${"a.".repeat(127)}`,
  ]) {
    assert.throws(() => parseSourceRule(text), {
      name: "TypeError",
      message: `must hold IP addresses, CIDR ranges or host names only; ${JSON.stringify(text)} is none`,
    });
  }
});

test("refuses a range with a prefix that its family does not have", () => {
  for (const [text, bits] of [
    ["10.0.0.0/33", 32],
    ["10.0.0.0/", 32],
    ["10.0.0.0/-1", 32],
    ["10.0.0.0/8.0", 32],
    ["10.0.0.0/255.0.0.0", 32],
    ["10.0.0.0/8/8", 32],
    ["fd00::/129", 128],
    ["fd00::/x", 128],
  ] as const) {
    assert.throws(() => parseSourceRule(text), {
      name: "TypeError",
      message: `must hold CIDR ranges with a prefix from 0 to ${bits}; ${JSON.stringify(text)} is none`,
    });
  }
});
