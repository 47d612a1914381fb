import assert from "node:assert/strict";
import { after, test } from "node:test";
import { changed } from "../../src/manifests/change.js";
import type { Manifest } from "../../src/manifests/objects.js";
import { foldersIn, render, renderOverlay } from "../../src/manifests/render.js";
import { rules } from "../../src/manifests/rules.js";
import { type Mistake, mistakes } from "./mistakes.js";

const everything = { resource: "base", components: foldersIn("components"), namespace: "sense-alerts" };
const renderings: Readonly<Record<keyof typeof mistakes, Manifest[]>> = {
  base: render("base"),
  "overlays/demo": render("overlays/demo"),
  "overlays/production": render("overlays/production"),
  "base with every component": renderOverlay({ after }, everything),
};

for (const [where, manifests] of Object.entries(renderings)) {
  const made: readonly Mistake[] = mistakes[where as keyof typeof mistakes];
  for (const [found, object, path, value] of made) {
    const shown = value === undefined ? "gone" : JSON.stringify(value);
    test(`${where}: ${object} with ${path} ${shown} is found`, () => {
      const [rule, ...others] = rules.filter(({ name }) => name.startsWith(found));
      assert.ok(rule !== undefined && others.length === 0, `one rule starts with "${found}"`);
      const before = rule.problems(manifests);
      const problems = rule.problems(changed(manifests, object, path, value));
      assert.ok(problems.length > before.length, `"${rule.name}" found nothing new in ${JSON.stringify(problems)}`);
    });
  }
}

for (const { name } of rules) {
  test(`there is a mistake that breaks the rule: ${name}`, () => {
    assert.ok(Object.values(mistakes).some((made) => made.some(([found]) => name.startsWith(found))));
  });
}
