/** Splits `DIRECTORY\userid` at its first backslash, a doubled one being one. Without any, all of it is the user id. */
export function splitUser(user: string): { readonly userDirectory: string; readonly userId: string } {
  const single = user.replaceAll("\\\\", "\\");
  const split = single.indexOf("\\");
  return { userDirectory: split < 0 ? "" : single.slice(0, split), userId: single.slice(split + 1) };
}
