export type Size = { readonly events: number; readonly bytes: number };

export function sumOf(one: Size, other: Size): { events: number; bytes: number } {
  return { events: one.events + other.events, bytes: one.bytes + other.bytes };
}
