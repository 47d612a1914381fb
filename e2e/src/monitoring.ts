import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findProgram } from "@sense-alerts/test-kit";
import { parse } from "yaml";

/** The folder of what Compose and Kubernetes share. */
export const monitoringFolder = fileURLToPath(new URL("../../../k8s/components/monitoring", import.meta.url));

const file = (name: string) => readFileSync(`${monitoringFolder}/${name}`, "utf8");

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string; readonly thresholds?: object } };
}

export interface Dashboard {
  readonly id: number | null;
  readonly uid: string;
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  readonly panels: readonly Panel[];
}

export const dashboard: Dashboard = JSON.parse(file("dashboard.json"));
/** Those that show something, without the rows. */
export const panels = dashboard.panels.filter(({ type }) => type !== "row");

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

type Rule = Alert | { readonly record: string; readonly expr: string };

const rules: readonly Rule[] = parse(file("alert-rules.yml")).groups.flatMap(
  (group: { rules: readonly Rule[] }) => group.rules,
);
export const alerts = rules.filter((rule): rule is Alert => "alert" in rule);
const recorded = new Map(rules.flatMap((rule) => ("record" in rule ? [[rule.record, rule.expr]] : [])));

/** The metrics that an expression is made of in the end: what a rule records stands for what it is recorded from. */
export function metricsIn(expression: string): string[] {
  const names = expression.match(/\b(sensealerts[_:][\w:]+|(process|nodejs)_\w+)/g) ?? [];
  return [...new Set(names.flatMap((name) => metricsOf(name, recorded.get(name))))];
}

function metricsOf(name: string, recordedFrom: string | undefined): string[] {
  if (recordedFrom === undefined) return [name.replace(/_bucket$/, "")];
  return recordedFrom.includes(name) ? [] : metricsIn(recordedFrom);
}

/** Runs promtool in the folder of the rules; what it said, and whether it found all in order. */
export function promtool(args: readonly string[], input = ""): { readonly ok: boolean; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(findProgram("promtool"), args, {
    cwd: monitoringFolder,
    encoding: "utf8",
    input,
  });
  return { ok: status === 0, output: `${stdout}${stderr}` };
}
