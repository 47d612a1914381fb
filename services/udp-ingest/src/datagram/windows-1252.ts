/** What windows-1252 has at 0x80 to 0x9F, where ISO 8859-1 has control characters. Five places stay unused. */
const specials = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

/**
 * Reads bytes as windows-1252. The TextDecoder of Node takes these 32 bytes for control characters in many releases
 * (20.18.3 to the end of 20, and others: https://github.com/nodejs/node/issues/60888), which would lose every dash,
 * euro sign and curly quote of a western Sense server.
 */
export function decodeWindows1252(bytes: Buffer): string {
  return bytes
    .toString("latin1")
    .replace(/[\u0080-\u009f]/g, (control) => specials.charAt(control.charCodeAt(0) - 0x80));
}
