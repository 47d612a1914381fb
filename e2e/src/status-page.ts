import assert from "node:assert/strict";
import type { Service } from "@sense-alerts/test-kit";
import type { View, Viewer } from "./browser.js";

export async function addressOf(service: Service): Promise<string> {
  return `http://127.0.0.1:${await service.httpPort()}/`;
}

/** Opens the page once it is updated live. */
export async function openLive(viewer: Viewer, url: string, options = {}): Promise<View> {
  const view = await viewer.open(url, options);
  await view.page.getByText("updated live").waitFor();
  return view;
}

/** Colours and layout are each checked twice by this, and photographed in all their combinations. */
const looks = [
  { width: 1_200, scheme: "light", isChecked: true },
  { width: 1_200, scheme: "dark", isChecked: false },
  { width: 360, scheme: "light", isChecked: false },
  { width: 360, scheme: "dark", isChecked: true },
] as const;

/**
 * Looks at the page as it is now on a wide screen and on a phone, light and dark: no rule of accessibility is broken,
 * nothing is wider than the screen, the browser has nothing to complain of, and nothing was asked of anyone else.
 * Leaves screenshots.
 */
export async function lookOver(viewer: Viewer, url: string, name: string): Promise<void> {
  const view = await openLive(viewer, url);
  for (const { width, scheme, isChecked } of looks) {
    await view.page.setViewportSize({ width, height: 800 });
    await view.page.emulateMedia({ colorScheme: scheme });
    const shot = `${name}-${width}-${scheme}`;
    await view.photograph(shot);
    if (isChecked) assert.deepEqual(await view.breaches(), [], shot);
    assert.ok((await view.page.evaluate<number>("document.documentElement.scrollWidth")) <= width, shot);
  }
  assert.deepEqual(view.complaints, [], name);
  const elsewhere = view.asked.filter((address) => !address.startsWith(url) && address !== "data:,");
  assert.deepEqual(elsewhere, [], name);
  await view.page.context().close();
}

/** All that a service shows to anyone: each path, and the first update of the stream. */
export async function everythingShown(service: Service): Promise<string> {
  const paths = ["/", "/status.css", "/status.js", "/readyz", "/metrics", "/livez"];
  const texts = await Promise.all(paths.map(async (path) => (await service.get(path)).text()));
  return [...texts, await firstUpdate(service)].join("\n");
}

async function firstUpdate(service: Service): Promise<string> {
  const { body } = await service.get("/status/events");
  let text = "";
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (/data: .*\n\n/.test(text)) break;
  }
  return text;
}
