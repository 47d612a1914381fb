/** MQTT 5, 1.5.4. */
export const longestStringBytes = 65_535;

/**
 * What makes a strict broker close the connection: control characters, non-characters, halves of surrogate pairs (MQTT
 * 5, 1.5.4).
 */
export const illegalInString = /[\p{Cc}\p{Noncharacter_Code_Point}\p{Cs}]/u;

/** Most texts have only these characters, and need no further check. */
const plainAscii = /^[\x20-\x7e]*$/;

/**
 * Whether MQTT can carry a text as a string of its own, such as a user property. MQTT.js would break off in the midst
 * of a packet.
 */
export function isMqttString(text: string): boolean {
  if (text.length <= longestStringBytes && plainAscii.test(text)) return true;
  return Buffer.byteLength(text) <= longestStringBytes && !illegalInString.test(text);
}
