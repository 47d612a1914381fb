/** No blanks in the directory, and nothing that only a path or a sentence holds. */
const directoryUser = /^[^\s\\/:;"]{1,256}\\{1,2}[^\\/:;"<>?*]{1,256}$/;

/** Whether the text is `DIRECTORY\user` and nothing else. The backslash may be doubled. */
export function isDirectoryUser(text: string): boolean {
  return directoryUser.test(text);
}

/** Splits `DIRECTORY\userid` at its first backslash, also if it is doubled. Without one, all of it is the user id. */
export function splitUser(user: string): { readonly userDirectory: string; readonly userId: string } {
  const single = user.replaceAll("\\\\", "\\");
  const split = single.indexOf("\\");
  return { userDirectory: split < 0 ? "" : single.slice(0, split), userId: single.slice(split + 1) };
}
