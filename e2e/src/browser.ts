import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cleanUpAfter, findProgram, type Scope } from "@sense-alerts/test-kit";
import axe from "axe-core";
import { chromium, type Page } from "playwright-core";

interface ViewOptions {
  /** CSS pixels; 1200 if left out. */
  readonly width?: number;
  readonly scheme?: "light" | "dark";
  readonly scripts?: boolean;
}

export interface Viewer {
  /** A page of its own, with nothing kept from others. */
  open(url: string, options?: ViewOptions): Promise<View>;
}

export interface View {
  readonly page: Page;
  /**
   * What the browser complained of: errors in scripts, what the policy of the page did not allow, what could not be
   * loaded.
   */
  readonly complaints: readonly string[];
  /** Every address that was asked for. */
  readonly asked: readonly string[];
  /** Breaches of the accessibility rules that axe-core has, best practices included, each with where it is. */
  breaches(): Promise<readonly string[]>;
  /** Writes coverage/screenshots/<name>.png, of the whole page, for a person to look at. */
  photograph(name: string): Promise<void>;
}

const args = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];
const screenshots = fileURLToPath(new URL("../../../coverage/screenshots/", import.meta.url));

/** Starts a real Chromium with a profile of its own, and ends it with the scope. Rejects when none is installed. */
export async function startViewer(t: Scope): Promise<Viewer> {
  const browser = await chromium.launch({ executablePath: findProgram("chromium"), args });
  cleanUpAfter(t, () => browser.close());
  return {
    open: async (url, { width = 1200, scheme = "light", scripts = true } = {}) => {
      const context = await browser.newContext({
        viewport: { width, height: 800 },
        colorScheme: scheme,
        javaScriptEnabled: scripts,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      const complaints: string[] = [];
      const asked: string[] = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
      });
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(url);
      return {
        page,
        complaints,
        asked,
        breaches: () => breachesOf(page),
        photograph: async (name) => {
          mkdirSync(screenshots, { recursive: true });
          await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
        },
      };
    },
  };
}

async function breachesOf(page: Page): Promise<readonly string[]> {
  // Not as a script of the page: its policy allows none but its own.
  await page.evaluate(axe.source);
  const violations: AxeViolation[] = await page.evaluate("axe.run().then(({ violations }) => violations)");
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}
