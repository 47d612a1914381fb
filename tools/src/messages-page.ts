import {
  type AsyncApi,
  type Channel,
  isRef,
  type Message,
  nameIn,
  type Operation,
  type Ref,
  type Schema,
} from "./async-api.js";
import { table } from "./markdown.js";

/** How a transport calls what AsyncAPI has one word for. */
export interface Words {
  readonly heading: string;
  /** Begins with a capital letter. */
  readonly address: string;
  readonly headers: string;
}

/**
 * A part of docs/messages.md: each channel of the document with who sends and reads, the fields and the examples, and
 * each schema that several share once. References must be to this document, whose soundness is for others to check.
 */
export function messagesOf(document: AsyncApi, words: Words): string {
  const { channels, components } = document;
  const operations = Object.values(document.operations);
  const rows = Object.values(channels).map((channel) => [linkTo(channel), channel.title, ...ends(channel)]);
  return [
    `## ${words.heading}\n\n${document.info.description.trim()}\n`,
    table([words.address, "what it tells", "sent by", "read by"], rows),
    ...Object.values(channels).map(channelText),
    ...Object.entries(components.schemas).filter(isLinked).map(schemaText),
  ].join("\n");

  function operationsOn(channel: Channel): readonly Operation[] {
    return operations.filter((operation) => channels[nameIn(operation.channel)] === channel);
  }

  function ends(channel: Channel): readonly [sent: string, read: string] {
    const by = (action: Operation["action"]) =>
      operationsOn(channel)
        .filter((operation) => operation.action === action)
        .flatMap(({ tags }) => tags.map(({ name }) => name))
        .join(", ") || "anyone";
    return [by("send"), by("receive")];
  }

  function channelText(channel: Channel): string {
    const [message] = Object.values(channel.messages).map((ref) => components.messages[nameIn(ref)]);
    if (message === undefined) throw new Error(`${channel.address} has no message`);
    const facts = [
      ...(channel["x-setting"] === undefined ? [] : [`${words.address} by the setting \`${channel["x-setting"]}\``]),
      ...(channel["x-stream"] === undefined ? [] : [`Stream \`${channel["x-stream"]}\``]),
      ...operationsOn(channel).map(operationText),
      `Format \`${message.contentType ?? document.defaultContentType}\``,
    ];
    return [
      `### ${channel.title}: \`${channel.address}\`\n\n${channel.description.trim()}\n`,
      `${facts.map((fact) => `- ${fact}\n`).join("")}`,
      ...(message.headers === undefined ? [] : [`**${words.headers}**\n\n${fieldsText(message.headers)}`]),
      `**Payload**\n\n${fieldsText(message.payload)}`,
      ...message.examples.map((example) => exampleText(example, words.headers)),
    ].join("\n");
  }

  function operationText({ action, summary, tags, bindings = {}, ...operation }: Operation): string {
    const who = tags.map(({ name }) => name).join(", ");
    const { mqtt } = isRef(bindings) ? (components.operationBindings?.[nameIn(bindings)] ?? {}) : bindings;
    const qos = mqtt === undefined ? "" : `; QoS ${mqtt.qos}${mqtt.retain === true ? ", retained" : ""}`;
    const durables = operation["x-durable-consumers"]?.map((name) => `\`${name}\``);
    const consumer = durables === undefined ? "" : `; durable consumers ${durables.join(" and ")}`;
    const what = summary.startsWith(`${who} `) ? `, which${summary.slice(who.length)}` : `: ${summary}`;
    return `${action === "send" ? "Sent" : "Read"} by **${who}**${what}${qos}${consumer}`;
  }

  /** A table of fields; a schema that has a section of its own is a link to it. */
  function fieldsText(given: Schema | Ref): string {
    if (isRef(given)) {
      const schema = resolve(given);
      if (isShared(given)) return `The fields of [${nameIn(given)}](#${nameIn(given).toLowerCase()}).\n`;
      return fieldsText(schema);
    }
    const { allOf = [], oneOf = [], properties, required = [], description = "" } = given;
    if (properties === undefined && allOf.length === 0) {
      const kinds = oneOf.map((kind) => `- ${typeOf(kind)}: ${resolve(kind).description?.trim() ?? "see there"}\n`);
      const type = given.type === undefined || given.type === "object" ? "" : `${typeOf(given)}. `;
      return `${type}${description.trim()}\n${kinds.length === 0 ? "" : `\n${kinds.join("")}`}`;
    }
    const rows = Object.entries(properties ?? {}).map(([name, field]) => [
      `\`${name}\``,
      typeOf(field) + (required.includes(name) ? "" : ", not always there"),
      resolve(field).description ?? "",
    ]);
    const own = rows.length === 0 ? [] : [table(["field", "type", "meaning"], rows)];
    return [...allOf.map(fieldsText), ...own].join("\n");
  }

  function schemaText([name, schema]: readonly [string, Schema]): string {
    const description = schema.description === undefined ? "" : `${schema.description.trim()}\n\n`;
    return `### ${name}\n\n${description}${fieldsText({ ...schema, description: "" })}`;
  }

  function typeOf(given: Schema | Ref): string {
    const schema = resolve(given);
    if (isRef(given) && isShared(given)) return `[${nameIn(given)}](#${nameIn(given).toLowerCase()})`;
    if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
    if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(" or ");
    if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
    const type = [schema.type ?? "any"].flat().join(" or ");
    return schema.format === undefined ? type : `${type} (${schema.format})`;
  }

  function isLinked([name, { properties }]: readonly [string, Schema]): boolean {
    return properties !== undefined && !name.endsWith("Headers") && !name.endsWith("Properties");
  }

  function isShared(ref: Ref): boolean {
    return isLinked([nameIn(ref), resolve(ref)]);
  }

  function resolve(given: Schema | Ref): Schema {
    if (!isRef(given)) return given;
    const found = components.schemas[nameIn(given)];
    if (found === undefined) throw new Error(`${given.$ref} is not in the document`);
    return found;
  }
}

function exampleText({ summary, headers = {}, payload }: Message["examples"][number], word: string): string {
  const isText = typeof payload === "string";
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
  const head = lines.length === 0 ? "" : `${word}, then the payload:\n\n\`\`\`text\n${lines.join("")}\`\`\`\n\n`;
  const body = isText ? payload : JSON.stringify(payload, null, 2);
  return `**Example**: ${summary}\n\n${head}\`\`\`${isText ? "text" : "json"}\n${body}\n\`\`\`\n`;
}

function linkTo({ title, address }: Channel): string {
  return `[\`${address}\`](#${anchorOf(`${title}: ${address}`)})`;
}

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}
