import { shown } from "../terminal.js";

/** Where a command writes. A line holds nothing that a terminal would obey, whatever the text is made of. */
export type Report = { readonly line: (text: string) => void; readonly problem: (text: string) => void };

export const report: Report = {
  line: (text) => console.log(shown(text)),
  problem: (text) => console.error(shown(text)),
};
