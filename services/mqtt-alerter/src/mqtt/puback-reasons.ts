/**
 * The reason codes of PUBACK and PUBREC (MQTT 5, 3.4.2.1), as metric labels; 0x95 is mosquitto's for its
 * `message_size_limit`.
 */
const names: ReadonlyMap<number, string> = new Map([
  [0x00, "success"],
  [0x10, "no-matching-subscribers"],
  [0x80, "unspecified-error"],
  [0x83, "implementation-specific-error"],
  [0x87, "not-authorized"],
  [0x90, "topic-name-invalid"],
  [0x91, "packet-identifier-in-use"],
  [0x95, "packet-too-large"],
  [0x97, "quota-exceeded"],
  [0x99, "payload-format-invalid"],
]);

const other = "other";

/** All that `pubackReason` may say. */
export const pubackReasons: readonly string[] = [...names.values(), other];

/** The name of a reason code; `other` for one that a PUBACK should not have. */
export function pubackReason(code: number): string {
  return names.get(code) ?? other;
}
