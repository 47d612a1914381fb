import { shown } from "../terminal.js";
import { sections } from "./check.js";
import { quoted } from "./quoted.js";
import type { Entry } from "./translate.js";

const composeTitle = "Docker Compose";

/** The text of the .env: the variables by service, each below the keys of Butler's that it comes from. */
export function envFileOf(entries: readonly Entry[], source: string): string {
  const parts = [composeTitle, ...Object.keys(sections)].map((title) => {
    const blocks = entries.map((entry) => blockOf(entry, title)).filter((block) => block !== "");
    return blocks.length === 0 ? "" : `\n# ── ${title} ──\n${blocks.join("")}`;
  });
  return `# From ${shown(source)}, by npm run butler-config. Every setting there is: .env.example.\n${parts.join("")}`;
}

/** The lines of an entry that belong into a part, below a comment that says where they come from. */
function blockOf({ keys, why, written, suggested }: Entry, title: string): string {
  const here = (variables: Entry["written"]) => Object.entries(variables).filter(([name]) => titleOf(name) === title);
  const lines = [
    ...here(written).map(([name, value]) => `${name}=${quoted(value) ?? ""}\n`),
    ...here(suggested).map(([name, value]) => `#${name}=${quoted(value) ?? ""}\n`),
  ];
  if (lines.length === 0) return "";
  const decision = why === "" ? "" : `# To decide: ${shown(why)}\n`;
  return `# ${shown(keys.map(({ path }) => path).join(", "))}\n${decision}${lines.join("")}`;
}

function titleOf(variable: string): string {
  return Object.entries(sections).find(([, spec]) => variable in spec)?.[0] ?? composeTitle;
}
