import { readFileSync } from "node:fs";

/**
 * The code block in docs/security.md between `<!-- name -->` and `<!-- end -->`, so that tests run with the documented
 * permissions.
 */
export function securityBlock(name: string): string {
  const page = readFileSync(new URL("../../../docs/security.md", import.meta.url), "utf8");
  const [, block] = new RegExp(`<!-- ${name} -->\\s+\`\`\`\\w*\\n([\\s\\S]*?)\`\`\`\\s+<!-- end -->`).exec(page) ?? [];
  if (block === undefined) throw new Error(`docs/security.md has no block ${name}`);
  return block;
}
