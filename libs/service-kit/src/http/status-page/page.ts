import { renderSection, renderTime } from "./section.js";
import type { StatusSection, Tone, Trouble } from "./snapshot.js";
import { escapeHtml, readableText } from "./text.js";

export type PageFacts = {
  readonly name: string;
  readonly instance: string;
  readonly phase: { readonly tone: Tone; readonly text: string };
  readonly startedAtMs: number;
  readonly troubles: readonly Trouble[];
  readonly sections: readonly StatusSection[];
};

/** What of the page changes: its title, and the elements that take the place of those with their ids. */
export type PageParts = { readonly title: string; readonly parts: ReadonlyMap<string, string> };

/**
 * Its own style and script and a stream from where it came from, nothing else: no frame, no form, nothing from outside.
 */
export const statusPagePolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function renderParts(
  { name, instance, phase, startedAtMs, troubles, sections }: PageFacts,
  nowMs: number,
): PageParts {
  const started = renderTime(startedAtMs, nowMs);
  return {
    title: `${name}: ${phase.text}`,
    parts: new Map([
      ["phase", `<p id="phase" role="status" class="phase tone ${phase.tone}">${escapeHtml(phase.text)}</p>`],
      ["facts", `<p id="facts">Instance ${escapeHtml(readableText(instance))}, started ${started}. Times are UTC.</p>`],
      ["troubles", renderTroubles(troubles, nowMs)],
      ...sections.map((section) => [section.id, renderSection(section, nowMs)] as const),
    ]),
  };
}

function renderTroubles(troubles: readonly Trouble[], nowMs: number): string {
  const items = troubles.map(({ text, sinceMs }) => {
    const since = sinceMs === undefined ? "" : ` <span class="since">Began ${renderTime(sinceMs, nowMs)}</span>`;
    return `<li class="tone bad"><span>${escapeHtml(readableText(text))}${since}</span></li>`;
  });
  return `<div id="troubles">${items.length === 0 ? "" : `<ul>${items.join("")}</ul>`}</div>`;
}

/** A whole HTML page. All text in it is escaped; without a script it reloads every ten seconds. */
export function renderPage(name: string, { title, parts }: PageParts): string {
  const { phase = "", facts = "", ...rest } = Object.fromEntries(parts);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/status.css">
<noscript><meta http-equiv="refresh" content="10"></noscript>
<script type="module" src="/status.js"></script>
</head>
<body>
<header>
<div><h1>${escapeHtml(name)}</h1>
${phase}
<p id="live" class="tone quiet">not updated: reload for newer values</p><button id="pause" type="button" hidden>Pause</button></div>
${facts}
</header>
<main>
${Object.values(rest).join("\n")}
</main>
<footer><nav aria-label="For machines"><a href="/readyz">readyz</a> <a href="/metrics">metrics</a></nav></footer>
</body>
</html>
`;
}
