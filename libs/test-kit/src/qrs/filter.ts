import type { Entity } from "./entities.js";

/** A filter that QRS would answer with 400. */
export class FilterError extends Error {}

const condition = /^\s*(\w+)\s+(eq|ne)\s+(?:'((?:[^']|'')*)'|([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|(\d+))/i;
const guidFields = ["id", "executionid", "taskid", "appid"];

/**
 * The entities that a filter lets through: `id eq <guid>`, `name eq 'it''s'`, `status ne 7`, several with `and` and
 * `or`.
 */
export function filtered(entities: readonly Entity[], filter: string | null): readonly Entity[] {
  if (filter === null || filter.trim() === "") return entities;
  const matches = parse(filter);
  return entities.filter(matches);
}

type Predicate = (entity: Entity) => boolean;

/** `and` binds more tightly than `or`. */
function parse(filter: string): Predicate {
  let rest = filter;
  const alternatives: Predicate[][] = [[]];
  for (;;) {
    const found = condition.exec(rest);
    if (found === null) throw new FilterError(filter);
    alternatives.at(-1)?.push(predicateOf(found, filter));
    rest = rest.slice(found[0].length);
    if (rest.trim() === "") return (entity) => alternatives.some((all) => all.every((matches) => matches(entity)));
    const joint = /^\s+(and|or)\s+/i.exec(rest);
    if (joint === null) throw new FilterError(filter);
    if (joint[1]?.toLowerCase() === "or") alternatives.push([]);
    rest = rest.slice(joint[0].length);
  }
}

function predicateOf([, field = "", operator = "", text, guid, number]: RegExpExecArray, filter: string): Predicate {
  // A GUID in quotes is text for QRS, and no value of such a field.
  if (guidFields.includes(field.toLowerCase()) !== (guid !== undefined)) throw new FilterError(filter);
  const wanted = (text?.replaceAll("''", "'") ?? guid ?? number ?? "").toLowerCase();
  return (entity) => (String(fieldOf(entity, field)).toLowerCase() === wanted) === (operator.toLowerCase() === "eq");
}

/** QRS does not mind the case of a field's name. */
function fieldOf(entity: Entity, field: string): unknown {
  const name = Object.keys(entity).find((key) => key.toLowerCase() === field.toLowerCase());
  return name === undefined ? undefined : entity[name];
}
