import { readFileSync } from "node:fs";

/**
 * The code block that stands in the README between `<!-- name -->` and `<!-- end -->`: what users are told is what runs
 * here.
 */
export function readmeBlock(name: string): string {
  const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
  const [, block] =
    new RegExp(`<!-- ${name} -->\\s+\`\`\`\\w*\\n([\\s\\S]*?)\`\`\`\\s+<!-- end -->`).exec(readme) ?? [];
  if (block === undefined) throw new Error(`the README has no block ${name}`);
  return block;
}
