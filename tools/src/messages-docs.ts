import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import type { AsyncApi } from "./async-api.js";
import { messagesOf } from "./messages-page.js";

const root = new URL("../../../", import.meta.url);

const intro = `# Messages

<!-- Made from the two asyncapi.yaml by node tools/dist/src/messages-docs.js, and checked by a test: change those, not this page. -->

Everything that crosses a wire, for a person to read. The same for programs, as AsyncAPI 3: [on MQTT](../services/mqtt-alerter/asyncapi.yaml)
and [on NATS](../libs/event-contract/asyncapi.yaml). Tests hold both against the code: each example is what the code makes or reads.

`;

export const messagesPath = fileURLToPath(new URL("docs/messages.md", root));

export function messagesPage(): string {
  const mqtt = { heading: "On MQTT", address: "Topic", headers: "User properties" };
  const nats = { heading: "On NATS", address: "Subject", headers: "Headers" };
  const parts = [
    messagesOf(read("services/mqtt-alerter/asyncapi.yaml"), mqtt),
    messagesOf(read("libs/event-contract/asyncapi.yaml"), nats),
  ];
  return intro + parts.join("\n");
}

function read(path: string): AsyncApi {
  return parse(readFileSync(new URL(path, root), "utf8")) as AsyncApi;
}

// Run as a program it brings the page up to date.
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(messagesPath, messagesPage());
