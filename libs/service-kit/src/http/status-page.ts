import { createHash } from "node:crypto";
import type { HealthReport, LinkReport } from "../health.js";

const style = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 1rem 0.4rem 0; border-bottom: 1px solid GrayText; overflow-wrap: anywhere; }
.good::before { content: "● "; color: #2a9d4a; }
.bad::before { content: "▲ "; color: #d9480f; }
`;

const styleHash = createHash("sha256").update(style).digest("base64");

/** The content security policy of the page: its own style and nothing else, no script, no frame, no form. */
export const statusPagePolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export interface StatusPageFacts {
  readonly title: string;
  readonly instance: string;
  readonly report: HealthReport;
}

/** A whole HTML page: ready or not, and each link. All text in it is escaped; it loads nothing. */
export function statusPage({ title, instance, report }: StatusPageFacts): string {
  const links = Object.entries(report.links).map(linkRow).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}: ${phaseOf(report)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>Instance ${escapeHtml(instance)}</p>
<p><strong class="${report.ready ? "good" : "bad"}">${phaseOf(report)}</strong></p>
<table>
<thead><tr><th scope="col">Link</th><th scope="col">State</th><th scope="col">Detail</th></tr></thead>
<tbody>
${links || '<tr><td colspan="3">none yet</td></tr>'}
</tbody>
</table>
<p><a href="/readyz">readyz</a> · <a href="/metrics">metrics</a></p>
</body>
</html>
`;
}

function phaseOf({ ready, starting, stopping }: HealthReport): string {
  if (stopping) return "stopping";
  if (starting) return "starting";
  return ready ? "ready" : "not ready";
}

function linkRow([name, { required, up, detail, ...facts }]: [string, LinkReport]): string {
  const details = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([fact, value]) => `${fact}: ${value}`);
  const shown = [...(detail === undefined ? [] : [detail]), ...details].map(escapeHtml).join("<br>");
  const state = `<span class="${up ? "good" : "bad"}">${up ? "up" : "down"}</span>${required ? "" : " (not required)"}`;
  return `<tr><th scope="row">${escapeHtml(name)}</th><td>${state}</td><td>${shown}</td></tr>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
