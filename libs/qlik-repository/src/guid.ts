import { RepositoryError } from "./repository-error.js";

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** QRS's "none". */
export const zeroGuid = "00000000-0000-0000-0000-000000000000";

export function isGuid(text: string): boolean {
  return guid.test(text);
}

/** The GUID in small letters, fit for a path and a filter. Throws a RepositoryError (`refused`) at anything else. */
export function checkedGuid(text: string, what: string): string {
  if (!isGuid(text)) throw new RepositoryError("refused", `${what} is no GUID; QRS was not asked`, { sent: false });
  return text.toLowerCase();
}
