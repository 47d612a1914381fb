/** `id eq <guid>`: a filter as QRS reads it, before it is percent-encoded. GUIDs stand bare in it. */
export function guidFilter(field: string, guid: string): string {
  return `${field} eq ${guid}`;
}

/** The path with its query: every value percent-encoded, blanks as %20, since QRS takes a + for a plus. */
export function pathWith(path: string, query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${path}?${pairs.join("&")}`;
}
