import { componentRules } from "./component-rules.js";
import { linterRules } from "./linter-rules.js";
import { networkRules } from "./network-rules.js";
import { podSecurityRules } from "./pod-security-rules.js";
import type { Rule } from "./rule.js";
import { schemaProblems } from "./schema.js";
import { serverRules } from "./server-rules.js";
import { serviceRules } from "./service-rules.js";
import { settingsRules } from "./settings-rules.js";

/** All rules that rendered manifests are checked against. */
export const rules: readonly Rule[] = [
  {
    name: "each object has the shape of its kind, and no field besides",
    problems: (manifests) => manifests.flatMap(schemaProblems),
  },
  ...[...serverRules, ...podSecurityRules, ...linterRules],
  ...[...settingsRules, ...serviceRules, ...networkRules, ...componentRules],
];
