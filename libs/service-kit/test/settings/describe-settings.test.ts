import assert from "node:assert/strict";
import { test } from "node:test";
import { commonSettings, describeSettings, natsSettings, parsed, secretText, text, textList } from "../../src/index.js";

test("describes a setting for documentation", () => {
  const rows = describeSettings({
    QRS_URL: text({ desc: "Where QRS is", example: "https://sense:4242" }),
    TOPIC: text({ default: "", desc: "Topic" }),
    SOURCES: textList({ default: ["a", "b"], desc: "Sources" }),
    TOKEN: secretText({ default: undefined, desc: "Token" }),
    ID: text({ default: "machine-7", defaultText: "host name", desc: "Id" }),
  });
  const open = { secret: false, allowed: "any text" };
  const list = { ...open, allowed: "texts with commas between them" };
  assert.deepEqual(rows, [
    { name: "QRS_URL", defaultText: "required", description: "Where QRS is", example: "https://sense:4242", ...open },
    { name: "TOPIC", defaultText: "empty", description: "Topic", example: undefined, ...open },
    { name: "SOURCES", defaultText: "a,b", description: "Sources", example: "a,b", ...list },
    { name: "TOKEN", defaultText: "unset", description: "Token", example: undefined, ...open, secret: true },
    { name: "ID", defaultText: "host name", description: "Id", example: "machine-7", ...open },
  ]);
});

test("asks for a text for a default that cannot be written in the environment", () => {
  const parse = (given: string) => ({ zone: given });
  assert.throws(
    () => parsed(parse, { allowed: "a zone", default: { zone: "UTC" }, desc: "Zone" }),
    /needs a defaultText/,
  );
  const { defaultText } = parsed(parse, {
    allowed: "a zone",
    default: { zone: "UTC" },
    defaultText: "UTC",
    desc: "Zone",
  });
  assert.equal(defaultText, "UTC");
});

test("marks every credential of NATS as secret and shows no machine in a default", () => {
  const secret = describeSettings(natsSettings).filter((row) => row.secret);
  assert.deepEqual(
    secret.map(({ name }) => name),
    ["NATS_PASSWORD", "NATS_TOKEN", "NATS_NKEY_SEED"],
  );
  const instance = describeSettings(commonSettings).find(({ name }) => name === "INSTANCE_ID");
  assert.equal(instance?.defaultText, "host name");
});
