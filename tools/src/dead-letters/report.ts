import type { ParkedStreams } from "@sense-alerts/bus";
import { shown } from "../terminal.js";
import { type Address, addressText, streamOf } from "./address.js";

/** Where a command writes. A line holds nothing that a terminal would obey, whatever the text is made of. */
export type Report = {
  readonly line: (text: string) => void;
  readonly problem: (text: string) => void;
  /** There is no entry at this address. */
  readonly missing: (address: Address, streams: ParkedStreams) => void;
};

const problem = (text: string) => console.error(shown(text));

export const report: Report = {
  line: (text) => console.log(shown(text)),
  problem,
  missing: (address, streams) => problem(`${addressText(address)}  is not in ${streamOf(address, streams).name}`),
};
