import { illegalInString, longestStringBytes } from "./mqtt-string.js";

/** What may stand in braces in the topic of an alert. */
export const alertPlaceholders = [
  ...["hostName", "taskName", "taskId", "appName", "appId", "executionId"],
  ...["eventType", "userId", "userDirectory"],
] as const;

export type TopicValues = Readonly<Partial<Record<string, string>>>;

/** A topic in parts: fixed text and placeholder names in turn, the first part being text. */
export type TopicTemplate = { readonly text: string; readonly parts: readonly string[] };

const placeholder = /\{([^{}]*)\}/;
const longestTopicBytes = longestStringBytes;

/** What has no place in the topic of a publish: wildcards (MQTT 5, 4.7.3), and what has none in any string. */
const illegal = new RegExp(`[+#]|${illegalInString.source}`, "u");
/** In a value also what would add a level. */
const illegalInValue = new RegExp(`/|${illegal.source}`, "gu");

/**
 * Reads a topic setting. Throws a TypeError that says what is wrong: an illegal character, an unknown placeholder, or a
 * topic that could come out empty or above 65,535 bytes (MQTT 5, 4.7.3) whatever the placeholders hold.
 */
export function parseTopic(text: string, placeholders: readonly string[]): TopicTemplate {
  const parts = text.split(placeholder);
  const fixed = parts.filter((_, index) => index % 2 === 0).join("");
  const names = parts.filter((_, index) => index % 2 === 1);
  const wrong = illegal.exec(fixed)?.[0];
  if (wrong !== undefined) {
    throw new TypeError(`must be a topic to publish to: no +, # or control character in it (found ${shown(wrong)})`);
  }
  if (/[{}]/.test(fixed)) throw new TypeError("must have its braces in pairs");
  const unknown = names.find((name) => !placeholders.includes(name));
  if (unknown !== undefined) {
    const known = placeholders.map((name) => `{${name}}`).join(" ");
    const allowed = known === "" ? "must hold no placeholders" : `must use the placeholders ${known} only`;
    throw new TypeError(`${allowed} (found {${unknown}})`);
  }
  if (fixed === "") throw new TypeError("must hold some fixed text, since a placeholder's value can be empty");
  if (Buffer.byteLength(fixed) > longestTopicBytes) throw new TypeError(`must be ${longestTopicBytes} bytes at most`);
  return { text, parts };
}

/**
 * The topic with the values filled in, or undefined when they make it longer than MQTT can carry. `spaceReplacement`
 * takes the place of each blank in a value; the fixed text stays as it is.
 */
export function renderTopic(
  template: TopicTemplate,
  values: TopicValues,
  spaceReplacement?: string,
): string | undefined {
  const { parts } = template;
  if (parts.length === 1) return template.text;
  const filledIn = (name: string) => {
    const value = (values[name] ?? "").replace(illegalInValue, "_");
    return spaceReplacement === undefined ? value : value.replace(/\s/gu, () => spaceReplacement);
  };
  const topic = parts.map((part, index) => (index % 2 === 0 ? part : filledIn(part))).join("");
  return Buffer.byteLength(topic) <= longestTopicBytes ? topic : undefined;
}

/** Whether some values make the template this topic. */
export function mayRenderAs(template: TopicTemplate | undefined, topic: string): boolean {
  if (template === undefined) return false;
  const pattern = template.parts.map((part, index) =>
    index % 2 === 0 ? part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&") : "[^/]*",
  );
  return new RegExp(`^${pattern.join("")}$`, "u").test(topic);
}

/** A replacement for blanks in topics: text without blanks that adds no level. Undefined for any other. */
export function parseSpaceReplacement(text: string): string | undefined {
  return text !== "" && !/\s/u.test(text) && text.search(illegalInValue) === -1 ? text : undefined;
}

function shown(character: string): string {
  if (character === "+" || character === "#") return character;
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
