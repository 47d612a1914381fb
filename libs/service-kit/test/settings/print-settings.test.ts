import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { parseEnv } from "node:util";
import {
  type Environment,
  natsSettings,
  parsed,
  secretText,
  text,
  textList,
  url,
  urlList,
  wholeNumber,
} from "../../src/index.js";
import { printSettings } from "../../src/settings/print-settings.js";
import { folder } from "../fixtures/folder.js";

/** The lines below the heading, with one blank where there are more. */
function printed(spec: Parameters<typeof printSettings>[1], env: Environment): string[] {
  const [heading, ...lines] = printSettings("sample", spec, env).trimEnd().split("\n");
  assert.equal(heading, "# sample: every setting, and where it comes from. ******** stands for what is not shown.");
  return lines.map((line) => line.replace(/ {2,}/, " "));
}

const spec = {
  PORT: wholeNumber({ default: 9998, min: 0, desc: "Port" }),
  TAGS: textList({ default: [], defaultText: "any", desc: "Tags" }),
  NAME: text({ default: undefined, desc: "Name" }),
  ID: text({ default: "machine-7", defaultText: "host name", desc: "Id" }),
  TOPIC: parsed((given) => ({ given }), {
    allowed: "a topic",
    default: { given: "t" },
    defaultText: "t",
    desc: "Topic",
  }),
};

test("prints defaults as one would write them, and as comments where there is nothing to write", () => {
  assert.deepEqual(printed(spec, {}), [
    "PORT=9998 # default",
    "#TAGS= # default: any",
    "#NAME= # default: unset",
    "ID=machine-7 # default: host name",
    "TOPIC=t # default",
  ]);
});

test("tells a variable from a file, and names the file", (t) => {
  const path = folder(t)("port", "9999\n");
  assert.deepEqual(printed(spec, { PORT_FILE: path, TAGS: " a,b ", NAME: " " }).slice(0, 3), [
    `PORT=9999 # file ${path}, by PORT_FILE`,
    "TAGS=a,b # variable",
    "#NAME= # default: unset",
  ]);
});

test("masks secrets, logins and queries in URLs, whatever their length and wherever they come from", (t) => {
  const path = folder(t)("hunter", "hunter2\n");
  const protocols = ["wss"];
  const hidden = {
    TOKEN: secretText({ default: undefined, desc: "Token" }),
    PASSWORD: secretText({ default: undefined, desc: "Password" }),
    URL: url({ protocols, default: undefined, desc: "URL" }),
    URLS: urlList({ protocols, default: undefined, desc: "URLs" }),
    OPEN: url({ protocols, default: undefined, desc: "URL" }),
  };
  const env = {
    TOKEN: "********",
    PASSWORD_FILE: path,
    URL: "wss://anna:hunter2@broker:8884/mqtt?token=hunter2#hunter2",
    URLS: "wss://one, wss://hunter2@two/x",
    OPEN: "WSS://broker:8884/mqtt",
  };
  assert.deepEqual(printed(hidden, env), [
    "#TOKEN=******** # variable",
    `#PASSWORD=******** # file ${path}, by PASSWORD_FILE`,
    "#URL='wss://********@broker:8884/mqtt?********' # variable",
    "#URLS=wss://one,wss://********@two/x # variable",
    "OPEN=WSS://broker:8884/mqtt # variable",
  ]);
});

const awkward = {
  A: "a b #c; d",
  B: "q/{instanceId}",
  C: 'say "$HOME" `id` \\n',
  D: "försäljning 日本",
  E: "=x=",
  F: "*",
};

test("is read by a shell and by node --env-file as what was set", () => {
  const texts = Object.fromEntries(
    Object.keys(awkward).map((name) => [name, text({ default: undefined, desc: "Text" })]),
  );
  const lines = printSettings("sample", texts, awkward);
  assert.deepEqual({ ...parseEnv(lines) }, awkward);
  const script = `${lines}\nfor v in "$A" "$B" "$C" "$D" "$E" "$F"; do printf '%s\\n' "$v"; done`;
  assert.deepEqual(
    execFileSync("sh", ["-c", script], { encoding: "utf8" }).trimEnd().split("\n"),
    Object.values(awkward),
  );
});

test("prints what they would not all read as it is as a comment, without control characters", () => {
  const one = { NAME: text({ default: undefined, desc: "Name" }) };
  assert.deepEqual(printed(one, { NAME: "it's $(id)" }), [`#NAME="it's $(id)" # variable`]);
  assert.deepEqual(printed(one, { NAME: "a\n\u001b[2Jb\u202e" }), ['#NAME="a\\n\\u001b[2Jb\\u{202e}" # variable']);
});

test("prints every setting once, comments below each other", () => {
  const lines = printSettings("sample", natsSettings, {}).trimEnd().split("\n").slice(1);
  assert.deepEqual(
    lines.map((line) => /^#?([A-Z_]+)=/.exec(line)?.[1]),
    Object.keys(natsSettings),
  );
  assert.equal(new Set(lines.map((line) => line.lastIndexOf("# "))).size, 1);
});
