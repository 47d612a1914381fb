import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("../../../k8s/components/monitoring/", import.meta.url);
const source = new URL("alert-rules.yml", folder);
const target = new URL("rules.yaml", folder);

const head = `# alert-rules.yml for the Prometheus Operator: change it there, and renew this with node tools/dist/src/prometheus-rule.js.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: sense-alerts
spec:
`;

/** The PrometheusRule as it should be, from the rules, and as it is. */
export function prometheusRule(): { readonly wanted: string; readonly found: string } {
  const rules = readFileSync(source, "utf8");
  const groups = rules.slice(rules.indexOf("groups:")).replace(/^(?=.)/gm, "  ");
  return { wanted: head + groups, found: readFileSync(target, "utf8") };
}

// Run as a program it brings the PrometheusRule up to date.
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, prometheusRule().wanted);
