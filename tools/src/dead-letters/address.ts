import type { ParkedStream, ParkedStreams } from "@sense-alerts/bus";

/** Where an entry is: each stream counts for itself, so a sequence by itself could mean two entries. */
export type Address = { readonly letter: "d" | "r"; readonly sequence: number };

/** The address in the text of `addressText`; undefined when it is none. */
export function addressOf(given: string): Address | undefined {
  const [, letter, sequence] = /^([dr])([1-9]\d{0,14})$/.exec(given) ?? [];
  return letter === "d" || letter === "r" ? { letter, sequence: Number(sequence) } : undefined;
}

/** `d17` for sequence 17 of the dead letters, `r17` for that of the rejected datagrams. */
export function addressText({ letter, sequence }: Address): string {
  return `${letter}${sequence}`;
}

export function streamOf({ letter }: Pick<Address, "letter">, streams: ParkedStreams): ParkedStream {
  return letter === "d" ? streams.deadLetters : streams.rejected;
}
