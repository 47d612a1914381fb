import { parsed, type Setting } from "@sense-alerts/service-kit";
import { alertPlaceholders, parseTopic, type TopicTemplate } from "./topic.js";

type TopicOptions = { readonly desc: string; readonly example?: string; readonly placeholders?: readonly string[] };

/** A setting that holds a topic with placeholders. */
export function topic(fallback: string, options: TopicOptions): Setting<TopicTemplate>;
export function topic(fallback: undefined, options: TopicOptions): Setting<TopicTemplate | undefined>;
export function topic(fallback: string | undefined, options: TopicOptions): Setting<TopicTemplate | undefined> {
  const { placeholders = alertPlaceholders, desc, example = fallback } = options;
  const parse = (given: string): TopicTemplate => parseTopic(given.trim(), placeholders);
  const described = { allowed: topicAllowed(placeholders), desc, ...(example === undefined ? {} : { example }) };
  return fallback === undefined
    ? parsed(parse, { ...described, default: undefined, defaultText: "empty" })
    : parsed(parse, { ...described, default: parse(fallback), defaultText: fallback });
}

function topicAllowed(placeholders: readonly string[]): string {
  const names = placeholders.map((name) => `{${name}}`).join(" ");
  return `a topic to publish to, without + and #${names === "" ? "" : `; it may hold ${names}`}`;
}
