import type { Entity } from "./entities.js";
import { FilterError, filtered } from "./filter.js";
import type { QrsStore } from "./store.js";

export type QrsAnswer = { readonly status: number; readonly json?: unknown; readonly text?: string };

/** The ways that Sense gives script logs out: by file reference up to May 2025, by execution result since. */
export type ScriptLogWays = "both" | "old" | "new";

const guidPart = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const notFound: QrsAnswer = { status: 404, text: "The requested entity was not found" };
const typeNames = ["reloadtask", "externalprogramtask", "usersynctask", "distributetask", "preloadtask"];

/** What QRS answers to a request that it lets in; `path` is what stands behind `/qrs/`. */
export function answerTo(
  store: QrsStore,
  request: { readonly method: string; readonly path: string; readonly query: URLSearchParams },
  ways: ScriptLogWays,
): QrsAnswer {
  const path = request.path.toLowerCase();
  try {
    return (request.method === "POST" ? posted(store, path) : got(store, path, request.query, ways)) ?? notFound;
  } catch (error) {
    if (error instanceof FilterError) return { status: 400, text: "The filter is not valid" };
    throw error;
  }
}

function got(store: QrsStore, path: string, query: URLSearchParams, ways: ScriptLogWays): QrsAnswer | undefined {
  if (path === "about") return { status: 200, json: { buildVersion: "63.2.1.0", nodeType: 1, schemaPath: "About" } };
  const [, collection = "", detail] = /^(task|app|executionresult)(?:\/(full|count))?$/.exec(path) ?? [];
  if (collection !== "") return listed(collectionOf(store, collection), detail, query.get("filter"));
  return one(store, path) ?? scriptLog(store, path, query, ways);
}

function collectionOf(store: QrsStore, name: string): readonly Entity[] {
  return name === "task" ? store.tasks() : name === "app" ? store.apps() : store.executions();
}

function listed(entities: readonly Entity[], detail: string | undefined, filter: string | null): QrsAnswer {
  const found = filtered(entities, filter);
  if (detail === "count") return { status: 200, json: { value: found.length } };
  return {
    status: 200,
    json: detail === "full" ? found : found.map(({ id, name }) => ({ id, name, privileges: null })),
  };
}

function one(store: QrsStore, path: string): QrsAnswer | undefined {
  const [, type = "", id] = new RegExp(`^(\\w+)/(${guidPart})$`).exec(path) ?? [];
  if (type === "app") return found(store.apps().find((app) => app.id === id));
  if (type === "executionsession") return found(store.session(id ?? ""));
  const taskType = typeNames.indexOf(type);
  if (taskType < 0) return undefined;
  return found(store.tasks().find((task) => task.id === id && task["taskType"] === taskType));
}

function found(entity: Entity | undefined): QrsAnswer | undefined {
  return entity && { status: 200, json: entity };
}

function scriptLog(store: QrsStore, path: string, query: URLSearchParams, ways: ScriptLogWays): QrsAnswer | undefined {
  const [, way] = new RegExp(`^reloadtask/${guidPart}/(scriptlog|scriptlogfile)$`).exec(path) ?? [];
  if (way !== undefined) {
    if (ways === (way === "scriptlog" ? "new" : "old")) return undefined;
    const id = query.get(way === "scriptlog" ? "fileReferenceId" : "executionResultId");
    if (id === null || !new RegExp(`^${guidPart}$`, "i").test(id)) return { status: 400, text: "Bad request" };
    const value = store.scriptLogReference(id.toLowerCase());
    return value === undefined ? undefined : { status: 200, json: { value } };
  }
  const [, reference] = new RegExp(`^download/reloadtask/(${guidPart})/[^/]+$`).exec(path) ?? [];
  const text = store.scriptLog(reference ?? "");
  return text === undefined ? undefined : { status: 200, text };
}

function posted(store: QrsStore, path: string): QrsAnswer | undefined {
  const [, id, synchronous] = new RegExp(`^task/(${guidPart})/start(/synchronous)?$`).exec(path) ?? [];
  const task = store.tasks().find((known) => known.id === id);
  if (task === undefined) return undefined;
  const value = store.startTask(task);
  return synchronous === undefined ? { status: 204 } : { status: 201, json: { value } };
}
